// SPDX-License-Identifier: BSD-2-Clause
/*
 * usage: realtime NAME
 * Gives every task whose name begins with NAME the policy SCHED_FIFO, each a priority of its own from
 * 1 on. A task then preempts all that were found before it. Prints their number; exits with 1 if
 * there is none.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int has_name(const char* pid, const char* name) {
    char path[64];
    char comm[32] = "";
    FILE* file;

    snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
    file = fopen(path, "r");
    if (!file)
        return 0;
    if (!fgets(comm, sizeof(comm), file))
        comm[0] = 0;
    fclose(file);
    return strncmp(comm, name, strlen(name)) == 0;
}

int main(int argc, char** argv) {
    struct sched_param param = {.sched_priority = 0};
    struct dirent* entry;
    DIR* all = argc == 2 ? opendir("/proc") : NULL;

    while (all && (entry = readdir(all))) {
        int pid = atoi(entry->d_name);

        if (pid <= 0 || !has_name(entry->d_name, argv[1]))
            continue;
        param.sched_priority++;
        if (sched_setscheduler(pid, SCHED_FIFO, &param)) {
            perror(entry->d_name);
            return 1;
        }
    }
    printf("%d\n", param.sched_priority);
    return param.sched_priority == 0;
}
