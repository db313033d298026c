// Calls of Linux that the Glibc module leaves out, since glibc declares them for _GNU_SOURCE only.
#pragma once

// syncfs(2): writes a whole file system back; reports errors of the write-back since Linux 5.8.
extern int syncfs(int fd);

// sync_file_range(2): starts or awaits the write-back of a part of a file; says nothing of durability.
extern int sync_file_range(int fd, long long offset, long long count, unsigned int flags);

// pipe2(2): a pipe whose ends no child has, from the first moment on.
extern int pipe2(int ends[2], int flags);

static const unsigned int clinuxfile_sync_file_range_write = 2;
