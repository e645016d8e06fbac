/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_proc.h"

#include <stdio.h>

#include "fake_sys.h"
#include "test.h"

#define NAME_BYTES 64
#define STAT_BYTES 512
#define LIST_BYTES 4096

#define EXITING 4u     /* PF_EXITING, among the flags */
#define FORKED 0x40u   /* PF_FORKNOEXEC, which says nothing here */
#define KILLED 0x100u  /* SIGKILL, among the pending signals */
#define FIRST_START 70 /* after which each process starts, in the order of their numbers */

/* Write what the kernel writes to /proc/PID/stat: the fields 1 to 52 of proc(5). */
static void put_stat(const char *file, const struct fake_process *p)
{
	char text[STAT_BYTES];
	uint64_t start = p->start != 0 ? p->start : FIRST_START + (uint64_t)p->pid;

	(void)snprintf(text, sizeof(text),
		       "%d (%s) %c %d 300 200 0 -1 %u 11 0 0 0 %ju 0 5 6 20 0 1 0 %ju 2600960 "
		       "384 18446744073709551615 1 1 0 0 0 %u 65536 4 2 0 0 0 17 %u 0 0 0 0 0 "
		       "0 0 0 0 0 0 0 %d\n",
		       p->pid, p->name != NULL ? p->name : "sh", p->state != 0 ? p->state : 'S',
		       p->parent, FORKED | (p->exiting ? EXITING : 0), (uintmax_t)p->ticks,
		       (uintmax_t)start, p->killed ? KILLED : 0, p->cpu, p->exit_code);
	fake_sys_file(file, text);
}

/* Whether the word @name is among those of @list; *@ret is where it starts, or would be. */
static bool find_word(const char *list, const char *name, const char **ret)
{
	size_t len = strlen(name);
	const char *word = list;

	while (*(word += strspn(word, " ")) != '\0') {
		size_t n = strcspn(word, " ");

		if (n == len && strncmp(word, name, n) == 0)
			break;
		word += n;
	}
	*ret = word;
	return *word != '\0';
}

void fake_proc_self(pid_t pid)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%d", pid);
	fake_sys_file("/proc/self", name);
}

/* Have the directory @dir list @pid, or not. */
static void list(const char *dir, pid_t pid, bool is_there)
{
	const char *old = fake_sys_contents(dir);
	bool is_proc = strcmp(dir, "/proc") == 0;
	char name[NAME_BYTES];
	char names[LIST_BYTES];
	const char *word;
	bool was_there;

	if (old == NULL)
		old = is_proc ? "self" : "";
	if (is_proc && fake_sys_contents("/proc/self") == NULL)
		fake_proc_self(1);
	(void)snprintf(name, sizeof(name), "%d", pid);
	was_there = find_word(old, name, &word);
	if (was_there == is_there)
		return;
	if (is_there)
		(void)snprintf(names, sizeof(names), "%s %s", old, name);
	else
		(void)snprintf(names, sizeof(names), "%.*s%s", (int)(word - old), old,
			       word + strlen(name));
	fake_sys_file(dir, names);
}

void fake_proc_show_thread(pid_t pid, const struct fake_process *thread)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "/proc/%d/task", pid);
	list(name, thread->pid, true);
	(void)snprintf(name, sizeof(name), "/proc/%d/task/%d/stat", pid, thread->pid);
	put_stat(name, thread);
}

void fake_proc_end_thread(pid_t pid, pid_t tid)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "/proc/%d/task", pid);
	list(name, tid, false);
	(void)snprintf(name, sizeof(name), "/proc/%d/task/%d/stat", pid, tid);
	fake_sys_file(name, NULL);
}

void fake_proc_show(const struct fake_process *process)
{
	char name[NAME_BYTES];

	list("/proc", process->pid, true);
	(void)snprintf(name, sizeof(name), "/proc/%d", process->pid);
	fake_sys_file(name, "");
	(void)snprintf(name, sizeof(name), "/proc/%d/stat", process->pid);
	put_stat(name, process);
	(void)snprintf(name, sizeof(name), "/proc/%d/task", process->pid);
	fake_sys_file(name, "");
	fake_proc_show_thread(process->pid, process);
}

void fake_proc_end(pid_t pid)
{
	char name[NAME_BYTES];

	list("/proc", pid, false);
	(void)snprintf(name, sizeof(name), "/proc/%d", pid);
	fake_sys_file(name, NULL);
	(void)snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	fake_sys_file(name, NULL);
	fake_proc_end_thread(pid, pid);
	(void)snprintf(name, sizeof(name), "/proc/%d/task", pid);
	fake_sys_file(name, NULL);
}

void fake_proc_end_later(void *arg)
{
	fake_proc_end(*(const pid_t *)arg);
}

void fake_proc_show_later(void *arg)
{
	fake_proc_show(arg);
}
