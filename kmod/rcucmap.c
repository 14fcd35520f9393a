// SPDX-License-Identifier: GPL-2.0-only
/*
 * A concurrent hash map with one writer and one reader.
 *
 * Readers look up under rcu_read_lock() only. A thread that changes a bucket holds the bucket's
 * lock from the lookup to the change. It frees nodes that readers may still see with call_rcu().
 *
 * The counts logged at exit can be compared with a trace: cmap_get() has the only read-side section
 * of this module, so "reads" is the number of sections.
 *
 * Parameters: reader_ms and writer_ms, the threads' pauses; unload, how the exit handles pending
 * callbacks (unload.h).
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "common.h"
#include "unload.h"

#define NR_BUCKETS 10
#define NR_KEYS	   10
#define NR_ROUNDS  4

static unsigned int reader_ms = 100;
module_param(reader_ms, uint, 0444);
MODULE_PARM_DESC(reader_ms, "Milliseconds between two sums of the reader (at least 1)");

static unsigned int writer_ms = 1000;
module_param(writer_ms, uint, 0444);
MODULE_PARM_DESC(writer_ms, "Milliseconds between two rounds of the writer (at least 1)");

struct cmap_node {
	struct hlist_node link;
	struct rcu_head rcu;
	u32 key;
	u32 value;
};

struct cmap_bucket {
	spinlock_t lock; /* protects changes of nodes */
	struct hlist_head nodes;
};

struct cmap {
	u32 nr_buckets;
	struct cmap_bucket buckets[];
};

static atomic_long_t nr_reads;
static atomic_long_t nr_updates;
static atomic_long_t nr_removes;
static atomic_long_t nr_freed;

static u32 cmap_hash(u32 key)
{
	key = ((key >> 16) ^ key) * 0x45d9f3b;
	key = ((key >> 16) ^ key) * 0x45d9f3b;
	return (key >> 16) ^ key;
}

static u32 cmap_index(const struct cmap *map, u32 key)
{
	return cmap_hash(key) % map->nr_buckets;
}

static void node_free(struct cmap_node *node)
{
	kfree(node);
	atomic_long_inc(&nr_freed);
}

static void node_free_rcu(struct rcu_head *rcu)
{
	node_free(container_of(rcu, struct cmap_node, rcu));
	unload_callback_done();
}

/* Frees a node that readers may still see. May sleep. Inline for the reason in unload.h. */
static __always_inline void node_retire(struct cmap_node *node)
{
	if (unload_call_rcu(&node->rcu, node_free_rcu))
		return;
	synchronize_rcu();
	node_free(node);
}

static struct cmap *cmap_create(u32 nr_buckets)
{
	struct cmap *map;
	u32 i;

	map = kzalloc(struct_size(map, buckets, nr_buckets), GFP_KERNEL);
	if (!map)
		return NULL;

	map->nr_buckets = nr_buckets;
	for (i = 0; i < nr_buckets; i++) {
		spin_lock_init(&map->buckets[i].lock);
		INIT_HLIST_HEAD(&map->buckets[i].nodes);
	}
	return map;
}

/* The caller holds rcu_read_lock() or the bucket's lock. */
static struct cmap_node *bucket_find(struct cmap_bucket *bucket, u32 key)
{
	struct cmap_node *node;

	hlist_for_each_entry_rcu(node, &bucket->nodes, link, lockdep_is_held(&bucket->lock)) {
		if (node->key == key)
			return node;
	}
	return NULL;
}

/* The caller holds the bucket's lock, and retires the node after it has released the lock. */
static void bucket_remove(struct cmap_bucket *bucket, struct cmap_node *node)
{
	lockdep_assert_held(&bucket->lock);
	hlist_del_rcu(&node->link);
	atomic_long_inc(&nr_removes);
}

/* Removes and returns any node of the bucket; NULL: there is none. */
static struct cmap_node *bucket_take(struct cmap_bucket *bucket)
{
	struct cmap_node *node;

	spin_lock(&bucket->lock);
	node = hlist_entry_safe(bucket->nodes.first, struct cmap_node, link);
	if (node)
		bucket_remove(bucket, node);
	spin_unlock(&bucket->lock);

	return node;
}

/*
 * A trace shows this function by name, so the name must stay. With noinline alone the compiler may
 * create a clone with another name.
 */
static noinline __noclone bool cmap_get(struct cmap *map, u32 key, u32 *value)
{
	struct cmap_node *node;

	atomic_long_inc(&nr_reads);

	rcu_read_lock();
	node = bucket_find(&map->buckets[cmap_index(map, key)], key);
	if (node)
		*value = node->value;
	rcu_read_unlock();

	return node;
}

/* Readers always see either the old value or the new one. */
static noinline __noclone int cmap_set(struct cmap *map, u32 key, u32 value)
{
	struct cmap_bucket *bucket = &map->buckets[cmap_index(map, key)];
	struct cmap_node *new, *old;

	new = kmalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->key = key;
	new->value = value;

	spin_lock(&bucket->lock);
	old = bucket_find(bucket, key);
	if (old)
		hlist_replace_rcu(&old->link, &new->link);
	else
		hlist_add_head_rcu(&new->link, &bucket->nodes);
	spin_unlock(&bucket->lock);

	if (old) {
		atomic_long_inc(&nr_updates);
		node_retire(old);
	}
	return 0;
}

static noinline __noclone bool cmap_remove(struct cmap *map, u32 key)
{
	struct cmap_bucket *bucket = &map->buckets[cmap_index(map, key)];
	struct cmap_node *node;

	spin_lock(&bucket->lock);
	node = bucket_find(bucket, key);
	if (node)
		bucket_remove(bucket, node);
	spin_unlock(&bucket->lock);

	if (!node)
		return false;
	node_retire(node);
	return true;
}

/* The caller ensures that there are no users of the map. Frees its nodes like all nodes. */
static void cmap_destroy(struct cmap *map)
{
	struct cmap_node *node;
	u32 i;

	for (i = 0; i < map->nr_buckets; i++) {
		while ((node = bucket_take(&map->buckets[i])))
			node_retire(node);
	}
	kfree(map);
}

/*
 * The writer sets it. The reader uses it after it has seen ready, the exit after the writer has
 * stopped.
 */
static struct cmap *cmap;
static bool ready;

static DECLARE_COMPLETION(reader_waits);

static struct task_struct *reader;
static struct task_struct *writer;

static u32 cmap_sum(struct cmap *map)
{
	u32 key, value, sum = 0;

	for (key = 0; key < NR_KEYS; key++) {
		if (cmap_get(map, key, &value))
			sum += value;
	}
	return sum;
}

static int reader_fn(void *unused)
{
	u32 sum;

	pr_info("r: init\n");
	pr_info("r: wait...\n");
	complete(&reader_waits);
	/* Acquire: pairs with the release in set_ready(). */
	wait_event_idle(wait, smp_load_acquire(&ready) || kthread_should_stop());
	if (kthread_should_stop() || !cmap)
		return 0;

	pr_info("r: run\n");
	do {
		sum = cmap_sum(cmap);
		if (!sum) {
			pr_info("r: done: sum == 0\n");
			break;
		}
		pr_info("r: continue: sum: %u\n", sum);
	} while (thread_pause_ms(reader_ms));

	return 0;
}

static void set_ready(void)
{
	/* Release: a thread that sees ready also sees the map and its nodes. */
	smp_store_release(&ready, true);
	wake_up(&wait);
}

/*
 * Logs the keys when all are done. Logging to a slow console in between would prolong the time in
 * which the reader adds up both old and new values.
 */
static int update_all(struct cmap *map, u32 step)
{
	u32 key, i;
	int err = 0;

	pr_info("w: updating cmap\n");
	for (key = 0; key < NR_KEYS; key++) {
		err = cmap_set(map, key, key * step);
		if (err)
			break;
	}
	for (i = 0; i < key; i++)
		pr_info("w: update cmap: %u\n", cmap_index(map, i));
	return err;
}

static void remove_all(struct cmap *map)
{
	bool removed[NR_KEYS];
	u32 key;

	pr_info("w: removing from cmap\n");
	for (key = 0; key < NR_KEYS; key++)
		removed[key] = cmap_remove(map, key);
	for (key = 0; key < NR_KEYS; key++) {
		if (removed[key])
			pr_info("w: remove cmap: %u\n", cmap_index(map, key));
	}
}

/* If memory runs out, the writer empties the map early, which also ends the reader. */
static int writer_fn(void *unused)
{
	u32 step;
	int err;

	pr_info("w: init\n");
	cmap = cmap_create(NR_BUCKETS);
	if (!cmap) {
		pr_err(MODULE_PREFIX "no memory for the map\n");
		set_ready();
		return -ENOMEM;
	}

	err = update_all(cmap, 1);
	if (!err) {
		pr_info("w: ready\n");
		set_ready();
		for (step = 1; step <= NR_ROUNDS && !err; step++) {
			if (!thread_pause_ms(writer_ms))
				return 0;
			err = update_all(cmap, step);
		}
	}
	if (err)
		pr_err(MODULE_PREFIX "no memory for a node\n");
	else if (!thread_pause_ms(writer_ms))
		return 0;

	remove_all(cmap);
	pr_info("w: done\n");
	set_ready();
	return err;
}

static int __init rcucmap_init(void)
{
	if (!reader_ms || !writer_ms) {
		pr_err(MODULE_PREFIX "reader_ms and writer_ms must be at least 1\n");
		return -EINVAL;
	}

	reader = thread_start(reader_fn, "rcucmap_reader");
	if (IS_ERR(reader))
		return PTR_ERR(reader);
	wait_for_completion(&reader_waits);

	writer = thread_start(writer_fn, "rcucmap_writer");
	if (IS_ERR(writer)) {
		thread_stop(reader);
		return PTR_ERR(writer);
	}
	return 0;
}

static void __exit rcucmap_exit(void)
{
	thread_stop(writer);
	thread_stop(reader);

	if (cmap) {
		pr_info(MODULE_PREFIX "deleting cmap\n");
		cmap_destroy(cmap);
	}
	/* Waits because node_free_rcu() is code of this module. */
	unload_wait();

	pr_info(MODULE_PREFIX "reads=%ld updates=%ld removes=%ld freed=%ld\n",
		atomic_long_read(&nr_reads), atomic_long_read(&nr_updates),
		atomic_long_read(&nr_removes), atomic_long_read(&nr_freed));
	pr_info(MODULE_PREFIX "exit\n");
}

module_init(rcucmap_init);
module_exit(rcucmap_exit);

MODULE_AUTHOR("the rcuscope authors");
MODULE_DESCRIPTION("A concurrent hash map under RCU, with one writer and one reader");
MODULE_LICENSE("GPL");
