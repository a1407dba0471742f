/* What is told of each call. */

#define O_ACCMODE 3
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_TMPFILE_BIT 020000000
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define CLONE_NEW_ANY 0x7e020080

/* Sizes of mappings that are counted: smaller ones are the allocator's, larger ones are limited anyhow. */
#define SPRAY_LEAST (64 << 10)
#define SPRAY_STEP 64

INLINE u64 open_flags(u8 call, struct pt_regs *regs)
{
	u64 flags = 0;

	switch (call) {
	case OPEN:
		return regs->si;
	case OPENAT:
		return regs->dx;
	case OPENAT2:
		read_user(&flags, sizeof(flags), (void *)regs->dx);
		return flags;
	default:
		return 1 | O_CREAT | O_TRUNC;
	}
}

/* By numbers alone, before the sandbox is looked up: most calls end here. */
INLINE int is_of_interest(u8 call, struct pt_regs *regs, s64 result)
{
	switch (call) {
	case OPEN:
	case OPENAT:
	case OPENAT2:
	case CREAT:
		return result >= 0 || result == -EACCES || result == -EPERM || result == -EROFS || result == -ENOSYS;
	case SOCKET:
		return regs->di != 1;
	case SENDTO:
		return regs->r8 != 0;
	case REDIRECT:
		return result >= 0 && result <= 2;
	case MMAP:
		return (regs->dx & PROT_EXEC) || ((regs->r10 & MAP_ANONYMOUS) && regs->si >= SPRAY_LEAST);
	case MUNMAP:
		return regs->si >= SPRAY_LEAST;
	case MPROTECT:
		return (regs->dx & PROT_EXEC) != 0;
	case CLONE:
		return (regs->di & CLONE_NEW_ANY) != 0 || result == -EPERM;
	default:
		return 1;
	}
}

INLINE struct record *begin_call(struct sandbox *sandbox, u32 allowance, u8 call, u64 number, struct pt_regs *regs,
				 s64 result)
{
	struct record *record = begin(sandbox, allowance, K_CALL);

	if (!record)
		return 0;
	record->call = call;
	record->number = number;
	record->result = result;
	record->arguments[0] = regs->di;
	record->arguments[1] = regs->si;
	record->arguments[2] = regs->dx;
	return record;
}

/* Whether a file that was opened for reading may say something: one of ours in memory, or of the kernel's views; the
 * host's trees of libraries do not. */
INLINE int is_telling(struct file *file)
{
	struct inode *inode = READ(file->f_inode);
	struct super_block *super = READ(inode->i_sb);
	u64 magic = READ(super->s_magic);

	/* TMPFS_MAGIC, PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP2_SUPER_MAGIC (linux/magic.h) */
	return magic == 0x01021994 || magic == 0x9fa0 || magic == 0x62656572 || magic == 0x63677270;
}

INLINE int on_open(struct sandbox *sandbox, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	u64 flags = open_flags(call, regs);
	int reads = (flags & O_ACCMODE) == 0 && !(flags & (O_CREAT | O_TRUNC));
	u32 allowance = reads ? A_READ : A_FILE;
	struct file *file = result >= 0 ? file_of(result) : 0;
	struct record *record;

	if (reads && result >= 0 && (!file || !is_telling(file)))
		return 0;
	record = begin_call(sandbox, allowance, call, number, regs, result);
	if (!record)
		return 0;
	record->arguments[2] = flags;
	if (file)
		kernel_path(record, file);
	else
		user_text(record->one, &record->first, call == OPEN || call == CREAT ? regs->di : regs->si);
	tell(sandbox, allowance, record);
	return 0;
}

INLINE int on_names(struct sandbox *sandbox, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	struct record *record = begin_call(sandbox, A_FILE, call, number, regs, result);
	u64 one = regs->di, two = 0;

	if (!record)
		return 0;
	switch (call) {
	case UNLINKAT:
	case CHMODAT:
		one = regs->si;
		break;
	case RENAME:
	case LINK:
	case SYMLINK:
		two = regs->si;
		break;
	case RENAMEAT:
	case LINKAT:
		one = regs->si;
		two = regs->r10;
		break;
	case SYMLINKAT:
		two = regs->dx;
		break;
	}
	user_text(record->one, &record->first, one);
	if (two)
		user_text(record->two, &record->second, two);
	tell(sandbox, A_FILE, record);
	return 0;
}

INLINE int on_fd_mode(struct sandbox *sandbox, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	struct record *record = begin_call(sandbox, A_FILE, call, number, regs, result);
	struct file *file;

	if (!record)
		return 0;
	file = file_of((s32)regs->di);
	if (file)
		kernel_path(record, file);
	tell(sandbox, A_FILE, record);
	return 0;
}

INLINE int on_address(struct sandbox *sandbox, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	u64 from = call == SENDTO ? regs->r8 : regs->si;
	struct record *record = begin_call(sandbox, A_NETWORK, call, number, regs, result);

	if (!record)
		return 0;
	if (call == CONNECT && (result == 0 || result == -EINPROGRESS) && peer(record, (s32)regs->di)) {
		tell(sandbox, A_NETWORK, record);
		return 0;
	}
	*(u16 *)record->extra = 0xffff;
	read_user(record->extra, 28, (void *)from);
	if (*(u16 *)record->extra == 1)
		user_text(record->one, &record->first, from + 2);
	/* An abstract name begins with NUL. */
	if (*(u16 *)record->extra == 1 && record->first == 1)
		user_text(record->one, &record->first, from + 3), record->flags |= F_NAMELESS;
	tell(sandbox, A_NETWORK, record);
	return 0;
}

INLINE int plain(struct sandbox *sandbox, u32 allowance, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	struct record *record = begin_call(sandbox, allowance, call, number, regs, result);

	if (record)
		tell(sandbox, allowance, record);
	return 0;
}

/* Many mappings of one size. */
INLINE int on_equal(struct sandbox *sandbox, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	u64 bytes = regs->si;

	if (result < 0 && result > -4096)
		return 0;
	if (call == MUNMAP) {
		if (bytes == sandbox->mapped_bytes && sandbox->mapped > 0)
			sandbox->mapped--;
		return 0;
	}
	if (bytes != sandbox->mapped_bytes) {
		sandbox->mapped_bytes = bytes;
		sandbox->mapped = 0;
	}
	if (++sandbox->mapped < SPRAY_STEP)
		return 0;
	sandbox->mapped = 0;
	return plain(sandbox, A_MEMORY, call, number, regs, result);
}

INLINE int on_map(struct sandbox *sandbox, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	struct file *file;
	struct inode *inode;

	if (!(regs->dx & PROT_EXEC))
		return on_equal(sandbox, call, number, regs, result);
	if (!(regs->dx & PROT_WRITE) && !(regs->r10 & MAP_ANONYMOUS)) {
		/* A library, unless its file has no name. */
		file = file_of((s32)regs->r8);
		if (!file)
			return 0;
		inode = READ(file->f_inode);
		if (READ(inode->i_nlink) != 0)
			return 0;
	}
	return plain(sandbox, A_MEMORY, call, number, regs, result);
}

INLINE int on_memfd(struct sandbox *sandbox, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	struct record *record = begin_call(sandbox, A_OTHER, call, number, regs, result);

	if (!record)
		return 0;
	if (number == 319)
		user_text(record->one, &record->first, regs->di);
	tell(sandbox, A_OTHER, record);
	return 0;
}

INLINE int on_call(struct sandbox *sandbox, u8 call, u64 number, struct pt_regs *regs, s64 result)
{
	switch (call) {
	case IGNORED:
		return plain(sandbox, A_DENIED, call, number, regs, result);
	case OPEN:
	case OPENAT:
	case OPENAT2:
	case CREAT:
		return on_open(sandbox, call, number, regs, result);
	case CONNECT:
	case SENDTO:
	case BIND:
		return on_address(sandbox, call, number, regs, result);
	case SOCKET:
	case LISTEN:
	case ACCEPT:
		return plain(sandbox, A_NETWORK, call, number, regs, result);
	case REDIRECT:
		return network_of(result) ? plain(sandbox, A_OTHER, call, number, regs, result) : 0;
	case MMAP:
		return on_map(sandbox, call, number, regs, result);
	case MUNMAP:
		return on_equal(sandbox, call, number, regs, result);
	case MPROTECT:
		return plain(sandbox, A_MEMORY, call, number, regs, result);
	case MEMFD:
		return on_memfd(sandbox, call, number, regs, result);
	case CHMODFD:
		return on_fd_mode(sandbox, call, number, regs, result);
	case KILL:
	case TGKILL:
	case CLONE:
	case SELDOM:
		return plain(sandbox, A_OTHER, call, number, regs, result);
	default:
		return on_names(sandbox, call, number, regs, result);
	}
}
