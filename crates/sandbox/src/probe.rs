//! Which walls this host can offer; filled in below.
