// SPDX-License-Identifier: GPL-2.0-only
/*
 * Performs the operations of an RCU list one by one and logs the list's content after each. The
 * module's init does everything except the final freeing.
 *
 * A node that leaves the list is freed after a grace period. Each of the three ways to wait for one
 * is used: kfree_rcu() for the replaced node, synchronize_rcu() for the deleted one, and call_rcu()
 * for the nodes that are left when the module is unloaded. No parameters.
 *
 * Counts logged at exit: "sections" is the number of read-side sections, one per traversal.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#define NR_NODES 5

struct list_node {
	struct list_head link;
	int value;
	struct rcu_head rcu;
};

/*
 * Only init and exit change the list. They never run at the same time, so there is no lock. Readers
 * may be anywhere.
 */
static LIST_HEAD(nodes);

static unsigned int nr_sections;
static unsigned int nr_call_rcu;
static unsigned int nr_kfree_rcu;
static unsigned int nr_synchronize_rcu;

static void node_free_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct list_node, rcu));
}

/* Logs after the section, since a console may be slow. */
static noinline __noclone void list_traverse(const char *step)
{
	char text[80] = "";
	int length = 0;
	struct list_node *node;

	nr_sections++;

	rcu_read_lock();
	list_for_each_entry_rcu(node, &nodes, link)
		length += scnprintf(text + length, sizeof(text) - length, " %d", node->value);
	rcu_read_unlock();

	pr_info("%s:%s\n", step, length ? text : " empty");
}

static noinline __noclone unsigned int list_length(void)
{
	unsigned int length = 0;
	struct list_node *node;

	nr_sections++;

	rcu_read_lock();
	list_for_each_entry_rcu(node, &nodes, link)
		length++;
	rcu_read_unlock();

	return length;
}

static struct list_node *node_new(int value)
{
	struct list_node *node = kmalloc(sizeof(*node), GFP_KERNEL);

	if (node)
		node->value = value;
	return node;
}

/* For code that changes the list. */
static struct list_node *node_find(int value)
{
	struct list_node *node;

	list_for_each_entry(node, &nodes, link) {
		if (node->value == value)
			return node;
	}
	return NULL;
}

static noinline __noclone int list_add_value(int value)
{
	struct list_node *node = node_new(value);

	if (!node)
		return -ENOMEM;
	list_add_rcu(&node->link, &nodes);
	return 0;
}

static noinline __noclone void list_delete_value(int value)
{
	struct list_node *node = node_find(value);

	if (!node)
		return;
	list_del_rcu(&node->link);
	synchronize_rcu();
	nr_synchronize_rcu++;
	kfree(node);
}

static noinline __noclone int list_replace_value(int value, int by)
{
	struct list_node *old = node_find(value);
	struct list_node *new;

	if (!old)
		return -ENOENT;
	new = node_new(by);
	if (!new)
		return -ENOMEM;
	list_replace_rcu(&old->link, &new->link);
	kfree_rcu(old, rcu);
	nr_kfree_rcu++;
	return 0;
}

static noinline __noclone void list_free_all(void)
{
	struct list_node *node, *next;

	list_for_each_entry_safe(node, next, &nodes, link) {
		list_del_rcu(&node->link);
		call_rcu(&node->rcu, node_free_rcu);
		nr_call_rcu++;
	}
	/*
	 * Waits because node_free_rcu() is code of this module. kfree_rcu() uses the kernel's own
	 * code.
	 */
	rcu_barrier();
}

static int __init fill(void)
{
	char step[16];
	int value, err;

	for (value = 0; value < NR_NODES; value++) {
		err = list_add_value(value);
		if (err)
			return err;
		snprintf(step, sizeof(step), "add %d", value);
		list_traverse(step);
	}
	return 0;
}

static int __init rcu_list_init(void)
{
	char step[16];
	int err;

	list_traverse("init");
	err = fill();
	if (err)
		goto free;

	snprintf(step, sizeof(step), "length %u", list_length());
	list_traverse(step);
	list_traverse("traverse");

	list_delete_value(2);
	list_traverse("delete 2");

	err = list_replace_value(3, 33);
	if (err)
		goto free;
	list_traverse("replace 3 by 33");
	return 0;

free:
	list_free_all();
	return err;
}

static void __exit rcu_list_exit(void)
{
	list_free_all();
	list_traverse("free all");
	pr_info("sections=%u call_rcu=%u kfree_rcu=%u synchronize_rcu=%u\n", nr_sections,
		nr_call_rcu, nr_kfree_rcu, nr_synchronize_rcu);
}

module_init(rcu_list_init);
module_exit(rcu_list_exit);

MODULE_AUTHOR("the rcuscope authors");
MODULE_DESCRIPTION("The operations of an RCU list one by one");
MODULE_LICENSE("GPL");
