// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest use of call_rcu(): readers follow a pointer to one name; a
 * renamed copy takes its place once a grace period is over, because it is the
 * callback that swaps the pointer. Both names are the module's own memory, so
 * there is nothing to free.
 *
 * Parameter: fail_init=1 lets init fail while the callback is pending. The
 * memory of a module goes when its init fails, and nobody waits for a callback
 * then: that is a bug, and not in all runs does the kernel survive it.
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

	/* When this returns, the callback has run, and nothing is left for the exit. */
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
