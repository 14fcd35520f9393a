/* SPDX-License-Identifier: GPL-2.0-only */
/* Module parameters that are counts: they can be read, and not set. */
#ifndef COMPANION_COUNT_H
#define COMPANION_COUNT_H

#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "common.h"

struct count {
	unsigned long (*get)(void);
};

static int count_set(const char *word, const struct kernel_param *param)
{
	pr_err(MODULE_PREFIX "%s is a count, and cannot be set\n", param->name);
	return -EINVAL;
}

static int count_get(char *buffer, const struct kernel_param *param)
{
	const struct count *count = param->arg;

	return sysfs_emit(buffer, "%lu\n", count->get());
}

static const struct kernel_param_ops count_ops = {
	.set = count_set,
	.get = count_get,
};

#endif
