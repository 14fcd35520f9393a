// SPDX-License-Identifier: GPL-2.0-only
/* A system call returns to user space within a read-side section. */
#include <linux/proc_fs.h>

#include "case.h"

static noinline __noclone void read_value(bool fail)
{
	atomic_inc(&sections);
	rcu_read_lock();
#ifndef FIXED
	if (fail) {
		__release(RCU); /* else sparse reports the imbalance */
		return;
	}
#endif
	rcu_read_unlock();
}

/* A read at an odd offset leaves the section open. */
static ssize_t value_read(struct file *file, char __user *buffer, size_t size, loff_t *offset)
{
	read_value(*offset & 1);
	return 0;
}

static loff_t value_seek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos = offset;
}

static const struct proc_ops value_ops = {
	.proc_read = value_read,
	.proc_lseek = value_seek,
};

static int __init reader_leak_syscall_init(void)
{
	return proc_create(KBUILD_MODNAME, 0444, NULL, &value_ops) ? 0 : -ENOMEM;
}

static void __exit reader_leak_syscall_exit(void)
{
	remove_proc_entry(KBUILD_MODNAME, NULL);
	log_counts();
}

CASE(reader_leak_syscall_init, reader_leak_syscall_exit, "A system call returns within a section");
