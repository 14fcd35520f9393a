/* SPDX-License-Identifier: GPL-2.0-only */
/* Module parameters whose value is one word of a list. */
#ifndef COMPANION_CHOICE_H
#define COMPANION_CHOICE_H

#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "common.h"

struct choice {
	const char *const *words;
	unsigned int nr_words;
	int chosen; /* index of the chosen word */
};

static int choice_set(const char *word, const struct kernel_param *param)
{
	struct choice *choice = param->arg;
	int i = match_string(choice->words, choice->nr_words, word);
	char known[80] = "";
	int length = 0;

	if (i >= 0) {
		choice->chosen = i;
		return 0;
	}
	for (i = 0; i < choice->nr_words; i++)
		length +=
			scnprintf(known + length, sizeof(known) - length, " %s", choice->words[i]);
	pr_err(MODULE_PREFIX "%s=%s is not known, there are:%s\n", param->name, word, known);
	return -EINVAL;
}

static int choice_get(char *buffer, const struct kernel_param *param)
{
	const struct choice *choice = param->arg;

	return sysfs_emit(buffer, "%s\n", choice->words[choice->chosen]);
}

static const struct kernel_param_ops choice_ops = {
	.set = choice_set,
	.get = choice_get,
};

#endif
