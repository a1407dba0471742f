/* The record that the program writes and crates/monitor/src/collect/record.rs reads. */
#pragma once

#define TEXT 256
#define ARGV 1024

/* What happened. */
enum kind {
	K_EXEC = 1,
	K_FORK = 2,
	K_EXIT = 3,
	K_CALL = 4,
};

/* The first text is the kernel's own, as components from the last to the first, each ended by NUL. */
#define F_KERNEL_PATH 1
/* The address in `extra` is the kernel's own. */
#define F_KERNEL_ADDRESS 2
/* The file has no name. */
#define F_NAMELESS 4

struct record {
	u64 at;
	u64 serial;
	u32 pid;
	u8 kind;
	u8 flags;
	u8 call;
	u8 pad;
	u32 number;
	u16 first;
	u16 second;
	s64 result;
	u64 arguments[3];
	u8 extra[32];
	/* Up to here always; then the texts, as long as they are. */
	u8 one[TEXT];
	u8 two[ARGV];
	/* Room for what the verifier cannot know to be within the bounds. */
	u8 slack[TEXT];
};

#define HEAD __builtin_offsetof(struct record, one)

/* Allowances: each kind of event has its own, so that no flood hides another kind. */
enum allowance {
	A_EXEC,
	A_FORK,
	A_READ,
	A_FILE,
	A_NETWORK,
	A_MEMORY,
	A_DENIED,
	A_OTHER,
	ALLOWANCES,
};

/* One watched sandbox; written whole by the collector, then changed here. */
struct sandbox {
	u64 serial;
	/* When its program was started, of the monotonic clock. */
	u64 start;
	/* Nothing is told before its first exec, and times count from there: until then it is code of ours. */
	u64 waits;
	/* Events left, in thousandths, and when that was counted. */
	struct {
		u64 at;
		u64 left;
	} allowances[ALLOWANCES];
	u64 dropped[ALLOWANCES];
	/* The last size of memory that was mapped, and how often it is mapped. */
	u64 mapped_bytes;
	u64 mapped;
};
