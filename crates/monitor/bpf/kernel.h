/* What the program needs of the kernel's types and helpers, and no more.
 *
 * Offsets are not those below: `preserve_access_index` makes the loader take them from the running kernel's BTF. A field
 * that a kernel does not have makes the program fail to load, which the loader reports.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static __attribute__((always_inline))
#define RELOCATED __attribute__((preserve_access_index))
#define barrier_on(value) asm volatile("" : "+r"(value))

/* include/uapi/linux/bpf.h */
#define BPF_MAP_TYPE_HASH 1
#define BPF_MAP_TYPE_PERCPU_ARRAY 6
#define BPF_MAP_TYPE_RINGBUF 27
#define BPF_RB_NO_WAKEUP 1
#define BPF_RB_AVAIL_DATA 0

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*read_user)(void *to, u32 size, const void *from) = (void *)112;
static long (*read_user_str)(void *to, u32 size, const void *from) = (void *)114;
static long (*read_kernel_str)(void *to, u32 size, const void *from) = (void *)115;
static u64 (*now_ns)(void) = (void *)5;
static u64 (*current_pid_tgid)(void) = (void *)14;
static u64 (*current_cgroup)(void) = (void *)80;
static long (*ring_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static u64 (*ring_query)(void *ring, u64 flags) = (void *)134;
static struct task_struct *(*current_task)(void) = (void *)158;

/* arch/x86/include/asm/ptrace.h */
struct pt_regs {
	unsigned long r10, r9, r8, dx, si, di, orig_ax;
} RELOCATED;

struct qstr {
	const unsigned char *name;
} RELOCATED;
struct super_block {
	unsigned long s_magic;
} RELOCATED;
struct inode {
	u16 i_mode;
	u32 i_nlink;
	struct super_block *i_sb;
} RELOCATED;
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
} RELOCATED;
struct vfsmount {
	struct dentry *mnt_root;
} RELOCATED;
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
} RELOCATED;
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} RELOCATED;
struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
} RELOCATED;
struct fdtable {
	u32 max_fds;
	struct file **fd;
} RELOCATED;
struct files_struct {
	struct fdtable *fdt;
} RELOCATED;
struct mm_struct {
	unsigned long arg_start, arg_end;
} RELOCATED;
typedef struct {
	int counter;
} atomic_t;
struct signal_struct {
	atomic_t live;
} RELOCATED;
/* struct upid is as old as pid namespaces: a number and a pointer. */
struct upid {
	int nr;
	void *ns;
};
struct pid {
	u32 level;
	struct upid numbers[1];
} RELOCATED;
struct task_struct {
	int pid, tgid, exit_code;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct mm_struct *mm;
	struct files_struct *files;
	struct signal_struct *signal;
} RELOCATED;
struct linux_binprm {
	struct file *file;
	const char *filename;
} RELOCATED;
struct in6_addr {
	u8 bytes[16];
};
struct sock_common {
	u16 skc_family;
	u16 skc_dport;
	u32 skc_daddr;
	struct in6_addr skc_v6_daddr;
} RELOCATED;
struct sock {
	struct sock_common __sk_common;
} RELOCATED;
struct socket {
	struct sock *sk;
} RELOCATED;

/* One field of a kernel object behind a pointer that the verifier does not know. */
#define READ(place)                                                                      \
	({                                                                               \
		__typeof__(place) value = 0;                                             \
		read_kernel(&value, sizeof(value), __builtin_preserve_access_index(&(place))); \
		value;                                                                   \
	})
