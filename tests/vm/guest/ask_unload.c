// SPDX-License-Identifier: BSD-2-Clause
/*
 * usage: ask_unload COUNT
 * Asks COUNT times for modules to be unloaded, each by a different name, as a user without
 * privileges; then the same within a user namespace, where that user has all capabilities.
 * Exits with 0 if the kernel refused every request.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refused(long count, const char* who) {
    char name[56];
    long i;

    for (i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "asked_by_%s_%d_%ld", who, getpid(), i);
        if (syscall(SYS_delete_module, name, 0) == 0 || errno != EPERM) {
            perror(name);
            return 0;
        }
    }
    return 1;
}

int main(int argc, char** argv) {
    long count = argc == 2 ? atol(argv[1]) : 0;

    if (count <= 0 || setgid(65534) || setuid(65534)) {
        perror("ask_unload");
        return 2;
    }
    if (!refused(count, "nobody"))
        return 1;
    if (unshare(CLONE_NEWUSER)) {
        perror("unshare");
        return 2;
    }
    return !refused(count, "root_of_his_own");
}
