/* Watches sandboxes: tells what their programs do, through one ring for all.
 *
 * Raw tracepoints with BTF. No event wakes anybody: the collector looks when it likes. Only the calls of calls.h, and
 * refusals, become events; each sandbox has an allowance for each kind of them, and who floods loses its own. Texts that
 * were read through a program's pointers are told as such.
 */
#include "kernel.h"
#include "calls.h"
#include "record.h"

char _license[] SEC("license") = "GPL";

struct {
	int (*type)[BPF_MAP_TYPE_RINGBUF];
	int (*max_entries)[1 << 23];
} ring SEC(".maps");

struct {
	int (*type)[BPF_MAP_TYPE_HASH];
	int (*max_entries)[1 << 14];
	u64 *key;
	struct sandbox *value;
} sandboxes SEC(".maps");

struct {
	int (*type)[BPF_MAP_TYPE_PERCPU_ARRAY];
	int (*max_entries)[1];
	u32 *key;
	struct record *value;
} scratch SEC(".maps");

#define RING_BYTES (1ull << 23)

/* Events at once, and events a second, of each kind. */
static const volatile u32 bursts[ALLOWANCES] = { 128, 256, 128, 256, 128, 64, 64, 128 };
static const volatile u32 rates[ALLOWANCES] = { 100, 100, 50, 100, 50, 20, 20, 50 };

#define EPERM 1
#define EACCES 13
#define EROFS 30
#define ENOSYS 38
#define EINPROGRESS 115

/* Pid 1 of its namespace: the init of a sandbox, whose doings are ours. */
INLINE int is_init(void)
{
	/* Pointers that the verifier knows need no call to be followed. */
	struct pid *pid = current_task()->group_leader->thread_pid;
	u32 level = pid->level;
	int number = 0;

	if (!level)
		return 0;
	read_kernel(&number, sizeof(number), (void *)&pid->numbers[0] + level * sizeof(struct upid));
	return number == 1;
}

INLINE struct sandbox *watched(void)
{
	u64 group = current_cgroup();
	struct sandbox *sandbox = lookup(&sandboxes, &group);

	return sandbox && !sandbox->waits ? sandbox : 0;
}

/* Takes one event from an allowance. Two processors may count one event at once: an allowance is no exact number. */
INLINE int may_tell(struct sandbox *sandbox, u32 kind, u64 now)
{
	u64 passed = now - sandbox->allowances[kind].at;
	u64 left = sandbox->allowances[kind].left;
	u64 most = bursts[kind] * 1000ull;

	if (passed > 1000000) {
		/* Thousandths of events for nanoseconds. */
		left += (passed >> 10) * rates[kind] / 977;
		if (left > most || passed > 60000000000ull)
			left = most;
		sandbox->allowances[kind].at = now;
	}
	if (left < 1000) {
		__sync_fetch_and_add(&sandbox->dropped[kind], 1);
		sandbox->allowances[kind].left = left;
		return 0;
	}
	sandbox->allowances[kind].left = left - 1000;
	/* The last half of the ring is for what may be an alert. */
	if ((kind == A_READ || kind == A_FILE || kind == A_FORK) &&
	    ring_query(&ring, BPF_RB_AVAIL_DATA) > RING_BYTES / 2) {
		__sync_fetch_and_add(&sandbox->dropped[kind], 1);
		return 0;
	}
	return 1;
}

INLINE struct record *begin(struct sandbox *sandbox, u32 allowance, u8 kind)
{
	u32 zero = 0;
	u64 now = now_ns();
	struct record *record;

	if (is_init() || !may_tell(sandbox, allowance, now))
		return 0;
	record = lookup(&scratch, &zero);
	if (!record)
		return 0;
	record->at = now - sandbox->start;
	record->serial = sandbox->serial;
	record->pid = current_pid_tgid() >> 32;
	record->kind = kind;
	record->flags = 0;
	record->call = 0;
	record->number = 0;
	record->first = 0;
	record->second = 0;
	record->result = 0;
	return record;
}

INLINE void tell(struct sandbox *sandbox, u32 allowance, struct record *record)
{
	u32 size = HEAD;

	if (record->second) {
		size = record->second;
		if (size > ARGV)
			size = ARGV;
		size += HEAD + TEXT;
	} else if (record->first) {
		size = record->first;
		if (size > TEXT)
			size = TEXT;
		size += HEAD;
	}
	if (ring_output(&ring, record, size, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&sandbox->dropped[allowance], 1);
}

INLINE void user_text(u8 *to, u16 *length, u64 from)
{
	long size = read_user_str(to, TEXT, (void *)from);

	*length = size > 0 ? size : 0;
}

/* The names on the way from a file to its root, the last first, across mounts. */
INLINE void kernel_path(struct record *record, struct file *file)
{
	struct dentry *dentry = READ(file->f_path.dentry);
	struct vfsmount *mounted = READ(file->f_path.mnt);
	struct mount *mount = (void *)mounted - __builtin_preserve_field_info(((struct mount *)0)->mnt, 0);
	u32 end = 0;

	for (int i = 0; i < 24; i++) {
		struct dentry *parent = READ(dentry->d_parent);
		long size;

		if (dentry == READ(mount->mnt.mnt_root) || dentry == parent) {
			struct mount *above = READ(mount->mnt_parent);

			if (above == mount)
				break;
			dentry = READ(mount->mnt_mountpoint);
			mount = above;
			continue;
		}
		if (end > TEXT - 1)
			break;
		size = read_kernel_str(&record->one[end & (TEXT - 1)], 128, READ(dentry->d_name.name));
		if (size <= 0)
			break;
		end += size & 127;
		dentry = parent;
	}
	if (end > TEXT)
		end = TEXT;
	record->first = end;
	record->flags |= F_KERNEL_PATH;
}

INLINE struct file *file_of(s64 number)
{
	struct fdtable *table = current_task()->files->fdt;
	struct file **files = table->fd;
	struct file *file = 0;

	if (!files || number < 0 || (u64)number >= table->max_fds)
		return 0;
	read_kernel(&file, sizeof(file), files + number);
	return file;
}

/* Whether a descriptor is a socket of another family than the local one: its sock. */
INLINE struct sock *network_of(s64 number)
{
	struct file *file = file_of(number);
	struct inode *inode;
	struct socket *socket;
	struct sock *sock;

	if (!file)
		return 0;
	inode = READ(file->f_inode);
	if ((READ(inode->i_mode) & 0170000) != 0140000)
		return 0;
	socket = READ(file->private_data);
	sock = READ(socket->sk);
	if (!sock || READ(sock->__sk_common.skc_family) == 1)
		return 0;
	return sock;
}

/* A sockaddr as the kernel holds it of a connected socket; 0 when it does not. */
INLINE int peer(struct record *record, s64 number)
{
	struct sock *sock = network_of(number);
	u16 family;

	if (!sock)
		return 0;
	family = READ(sock->__sk_common.skc_family);
	if (family != 2 && family != 10)
		return 0;
	*(u16 *)record->extra = family;
	*(u16 *)(record->extra + 2) = READ(sock->__sk_common.skc_dport);
	if (family == 2)
		*(u32 *)(record->extra + 4) = READ(sock->__sk_common.skc_daddr);
	else
		read_kernel(record->extra + 8, 16,
			    __builtin_preserve_access_index(&sock->__sk_common.skc_v6_daddr));
	record->flags |= F_KERNEL_ADDRESS;
	return 1;
}

#include "calls.c.h"

SEC("tp_btf/sys_exit")
int on_sys_exit(u64 *context)
{
	struct pt_regs *regs = (void *)context[0];
	s64 result = context[1];
	u64 number = regs->orig_ax;
	u8 call = number < CALLS ? calls[number] : IGNORED;
	struct sandbox *sandbox;

	if (call == IGNORED) {
		/* The C library tries these and goes another way without them: clone3, rseq, openat2, faccessat2. */
		if (result == -ENOSYS && (number == 435 || number == 334 || number == 437 || number == 439))
			return 0;
		if (result != -EPERM && result != -ENOSYS)
			return 0;
	} else if (!is_of_interest(call, regs, result)) {
		return 0;
	}
	sandbox = watched();
	if (!sandbox)
		return 0;
	return on_call(sandbox, call, number, regs, result);
}

SEC("tp_btf/sched_process_fork")
int on_fork(u64 *context)
{
	struct task_struct *parent = (void *)context[0];
	struct task_struct *child = (void *)context[1];
	struct sandbox *sandbox;
	struct record *record;

	if (parent->tgid == child->tgid)
		return 0;
	sandbox = watched();
	if (!sandbox)
		return 0;
	record = begin(sandbox, A_FORK, K_FORK);
	if (!record)
		return 0;
	record->arguments[0] = child->tgid;
	tell(sandbox, A_FORK, record);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int on_exit(u64 *context)
{
	struct task_struct *task = (void *)context[0];
	struct sandbox *sandbox;
	struct record *record;

	if (task->signal->live.counter != 0)
		return 0;
	sandbox = watched();
	if (!sandbox)
		return 0;
	record = begin(sandbox, A_FORK, K_EXIT);
	if (!record)
		return 0;
	record->result = task->exit_code;
	tell(sandbox, A_FORK, record);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int on_exec(u64 *context)
{
	struct task_struct *task = (void *)context[0];
	struct linux_binprm *program = (void *)context[2];
	u64 group = current_cgroup();
	struct sandbox *sandbox = lookup(&sandboxes, &group);
	struct record *record;
	u64 from, length;
	long size;

	if (!sandbox || is_init())
		return 0;
	if (sandbox->waits) {
		sandbox->waits = 0;
		sandbox->start = now_ns();
	}
	record = begin(sandbox, A_EXEC, K_EXEC);
	if (!record)
		return 0;
	if (program->file->f_inode->i_nlink == 0)
		record->flags |= F_NAMELESS;
	size = read_kernel_str(record->one, TEXT, program->filename);
	record->first = size > 0 ? size : 0;
	from = task->mm->arg_start;
	length = task->mm->arg_end - from;
	if (length > ARGV)
		length = ARGV;
	barrier_on(length);
	if (length > 0 && length <= ARGV && !read_user(record->two, length, (void *)from))
		record->second = length;
	tell(sandbox, A_EXEC, record);
	return 0;
}
