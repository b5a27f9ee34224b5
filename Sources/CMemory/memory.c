#define _GNU_SOURCE
#include "CMemory.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void cmemory_keep(int kept_bytes, int mapped_bytes_min) {
    // Both can fail only for a parameter that glibc does not know.
    (void)mallopt(M_TRIM_THRESHOLD, kept_bytes);
    (void)mallopt(M_MMAP_THRESHOLD, mapped_bytes_min);
}

// Parts that cannot be written are as they are in the file: what is given back is read from there again when it is used.
static int give_back_file(struct dl_phdr_info *file, size_t size, void *context) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    (void)context;
    for (int i = 0; i < file->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &file->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0) continue;
        const uintptr_t start = (file->dlpi_addr + part->p_vaddr) & ~(page - 1);
        const uintptr_t end = (file->dlpi_addr + part->p_vaddr + part->p_filesz) & ~(page - 1);
        // A kernel that does not want to is left in peace.
        if (end > start) (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void cmemory_give_back(void) {
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(give_back_file, 0);
}
