#pragma once
// What the C library and the kernel do with the memory of the process; Swift's own module for the C library leaves the
// headers for it out. Linux with glibc only.

/// glibc keeps up to `kept_bytes` of free memory in each arena, and maps only blocks of `mapped_bytes_min` and more for
/// themselves.
void cmemory_keep(int kept_bytes, int mapped_bytes_min);

/// Gives back free memory, and what was read of the program and its libraries and cannot be written.
void cmemory_give_back(void);
