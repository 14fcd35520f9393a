// SPDX-License-Identifier: GPL-2.0-only
/*
 * A minimal use of call_rcu(): readers follow a pointer to a name. A renamed copy replaces it after
 * a grace period, because the callback swaps the pointer. Both names are static memory of the
 * module, so nothing is freed.
 *
 * Parameter: fail_init=1 makes init fail while the callback is pending. The kernel frees the memory
 * of a module whose init fails, without waiting for callbacks. That is a bug, and the kernel does
 * not survive it in every run.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

static bool fail_init;
module_param(fail_init, bool, 0444);
MODULE_PARM_DESC(fail_init, "Let init fail with its callback pending (a bug; default 0)");

struct name {
	char text[8];
	struct rcu_head rcu;
};

static struct name b = { .text = "hoge2" };
static struct name c;
static struct name __rcu *a = RCU_INITIALIZER(&b);

static noinline __noclone void swap_rcu(struct rcu_head *rcu)
{
	rcu_assign_pointer(a, container_of(rcu, struct name, rcu));
}

static noinline __noclone void show_name(const char *when)
{
	char text[sizeof(b.text)];

	rcu_read_lock();
	strscpy(text, rcu_dereference(a)->text, sizeof(text));
	rcu_read_unlock();

	pr_info("%s call rcu:%s\n", when, text);
}

static noinline __noclone void rename_copy(const char *text)
{
	strscpy(c.text, text, sizeof(c.text));
	call_rcu(&c.rcu, swap_rcu);
}

static int __init rcu_replace_init(void)
{
	show_name("before");
	c = b;
	rename_copy("hoge3");
	if (fail_init)
		return -ENODEV;

	/* When this returns, the callback has run, so the exit has nothing to do. */
	rcu_barrier();
	show_name("after");
	return 0;
}

static void __exit rcu_replace_exit(void)
{
}

module_init(rcu_replace_init);
module_exit(rcu_replace_exit);

MODULE_AUTHOR("the rcuscope authors");
MODULE_DESCRIPTION("The smallest use of call_rcu()");
MODULE_LICENSE("GPL");
