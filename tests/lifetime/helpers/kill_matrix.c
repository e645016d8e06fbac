/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill_matrix [--as ID] SBX PAYLOAD FOLDER RUNS: start SBX again and again, kill one of its
 * processes each time, and see that nothing is left.
 * kill_matrix [--as ID] SBX PAYLOAD FOLDER RUNS SCENE WAY CHOICE PROCESS STOP: repeat one run, in
 * the words of its failure report.
 *
 * With --as, SBX is started as the user and group ID, while this process stays root: root alone can
 * trace a set-user-ID program.
 *
 * In RUNS runs of each scene, ptrace(2) holds the sandbox where one of its processes begins or ends
 * a system call: over the runs, at all of them.  There one of the processes gets SIGKILL, SIGTERM,
 * or SIGSTOP and then SIGKILL; then all go on.  In half as many more runs nothing is traced, and
 * the signal comes at a random time.
 *
 * The sandbox creates mount points in FOLDER, which have to be gone with its processes; other
 * entries have to stay.
 *
 * Prints TAP lines without numbers.  FOLDER is empty, and is empty again at exit.  PAYLOAD is the
 * helper; see payload.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"
#include "trace.h"

#define MS 1000U /* in microseconds */

enum {
	BOUND_US = 100 * MS,   /* until nothing is left after a signal that ends all */
	PATIENCE_US = 1000000, /* for anything else; after that, remaining processes are stuck */
	STOPPED_US = 3 * MS,   /* between SIGSTOP and SIGKILL */
	LOOK_US = 5 * MS,      /* between looks at the payload's output */
	RANDOM_US = 5000,      /* from the start of SBX to a signal at a random time */
	DATA_FD = 9,           /* of --file */
	LAST_STOPS = 24,       /* of the command before it is executed: see may_live() */
	MAX_WORDS = 48,
	MAX_NAMES = 8,
};

/* What SBX is started with. */
struct scene {
	const char *name;
	const char *options[6]; /* ends with NULL */
	bool all_die;           /* --die-with-parent is among them, or @ends */
	bool ends;              /* the command ends at once */
};

static const struct scene scenes[] = {
	{.name = "--die-with-parent", .options = {"--die-with-parent"}, .all_die = true},
	{.name = "--die-with-parent --unshare-pid",
	 .options = {"--die-with-parent", "--unshare-pid"},
	 .all_die = true},
	{.name = "--die-with-parent --unshare-pid --as-pid-1",
	 .options = {"--die-with-parent", "--unshare-pid", "--as-pid-1"},
	 .all_die = true},
	{.name = "--die-with-parent, other ids, --new-session",
	 .options = {"--die-with-parent", "--unshare-user", "--uid", "5", "--new-session"},
	 .all_die = true},
	{.name = "no --die-with-parent"},
	{.name = "no --die-with-parent, --unshare-pid", .options = {"--unshare-pid"}},
	{.name = "a command that ends", .all_die = true, .ends = true},
	{.name = "a command that ends, --unshare-pid",
	 .options = {"--unshare-pid"},
	 .all_die = true,
	 .ends = true},
	{.name = "a command that ends, --kill-on-exit",
	 .options = {"--kill-on-exit"},
	 .all_die = true,
	 .ends = true},
};

#define SCENES (sizeof(scenes) / sizeof(scenes[0]))

/* How a process is killed. */
enum way { WAY_KILL, WAY_TERM, WAY_STOP_KILL, WAYS };

static const char *const way_names[WAYS] = {
	[WAY_KILL] = "SIGKILL",
	[WAY_TERM] = "SIGTERM",
	[WAY_STOP_KILL] = "SIGSTOP and SIGKILL",
};

/* One run. */
struct run {
	const struct scene *scene;
	enum way way;
	unsigned choice;  /* which process to kill: an index in the order of creation */
	unsigned process; /* where to stop, see struct trace; or stop is 0 */
	unsigned stop;
	bool is_at_end;    /* that is just before the command is executed */
	uint64_t delay_us; /* or when */
};

/* What became of it. */
enum result {
	RESULT_GONE,   /* nothing was left in time */
	RESULT_RAN_ON, /* the command runs, as it may; and nothing was left once it was killed */
	RESULT_LATE,   /* nothing was left, but not in time */
	RESULT_LEFT,   /* something was left */
	RESULT_MOUNT_POINTS, /* no process was, but a mount point; or another entry is gone */
	RESULT_NOT_RUN,      /* the process to kill was not there */
};

/* A sandbox that is started. */
struct sandbox {
	pid_t monitor;
	bool monitor_ended;
	int monitor_status;
	int output; /* of the payload */
	int go;     /* SBX is executed when a byte is written here */
	bool is_ready;
	bool ends;           /* see struct scene */
	struct trace *trace; /* NULL where nothing is traced */
	char victim[20];     /* the name of the killed process */
	int64_t took_us;     /* until nothing was left */
};

/* How often one of this name was killed. */
struct victims {
	char name[20];
	unsigned count;
};

/* The results of the runs of one kind. */
struct tally {
	struct victims victims[MAX_NAMES];
	unsigned runs;
	unsigned gone;
	unsigned ran_on;
	unsigned late;
	unsigned left;
	unsigned mount_points;
	int64_t worst_us;
};

static const char *sbx;
static const char *payload;
static const char *folder;
static unsigned starter; /* user and group id to start SBX as, 0 for this process's */

static _Noreturn void give_up(const char *what)
{
	(void)fflush(stdout);
	perror(what);
	family_clear(NULL, NULL);
	exit(2);
}

/* --- Starting ------------------------------------------------------------------ */

/* Options that make the building long. */
static const char *const builders[] = {
	"--ro-bind", "/",      "/",      "--dev",     "/dev",      "--proc", "/proc",
	"--tmpfs",   "/tmp",   "--file", "9",         "/tmp/file", "--dir",  "/tmp/a/b/c",
	"--symlink", "a",      "/tmp/s", "--ro-bind", "/usr",      "/tmp/u", "--unshare-uts",
	"--tmpfs",   "/tmp/t", NULL,
};

static unsigned add_words(const char **words, unsigned n, const char *const *more, unsigned max)
{
	for (unsigned i = 0; i < max && more[i] != NULL && n < MAX_WORDS - 1; i++)
		words[n++] = more[i];
	words[n] = NULL;
	return n;
}

/* The kind of payload. */
static const char *kind_of(const struct scene *scene)
{
	if (scene->ends)
		return "brief";
	return scene->all_die ? "family" : "alone";
}

static void fill_words(const struct scene *scene, const char **words)
{
	const char *const command[] = {
		"--bind",       folder,  "/tmp/folder",     "--tmpfs",      "/tmp/folder/a/b",
		"--ro-bind",    payload, "/tmp/folder/a/f", "--ro-bind",    payload,
		"/tmp/payload", "--",    "/tmp/payload",    kind_of(scene), NULL,
	};
	unsigned n = 0;

	words[n++] = sbx;
	n = add_words(words, n, builders, MAX_WORDS);
	n = add_words(words, n, scene->options, MAX_WORDS);
	(void)add_words(words, n, command, MAX_WORDS);
}

static void become_starter(void)
{
	if (starter != 0 && (setgroups(0, NULL) < 0 || setgid(starter) < 0 || setuid(starter) < 0))
		_exit(2);
}

/* The child's half of start(): wait for the byte, and become SBX. */
static void be_sbx(const struct scene *scene, int go, int output)
{
	const char *words[MAX_WORDS];
	int data = memfd_create("data", MFD_CLOEXEC);
	char byte;

	fill_words(scene, words);
	if (data < 0 || write(data, "data", 4) != 4 || lseek(data, 0, SEEK_SET) != 0 ||
	    dup2(data, DATA_FD) < 0 || dup2(output, STDOUT_FILENO) < 0)
		_exit(2);
	if (getenv("KILL_MATRIX_VERBOSE") == NULL)
		(void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
	become_starter();
	if (read(go, &byte, 1) == 1)
		(void)execv(sbx, (char *const *)(uintptr_t)words);
	_exit(2);
}

/* Create a process that executes SBX after a byte on a pipe. */
static void start(struct sandbox *box, const struct scene *scene)
{
	int go[2];
	int output[2];

	box->ends = scene->ends;
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
		give_up("cannot make a pipe");
	box->monitor = family_fork();
	if (box->monitor == 0) {
		(void)close(go[1]);
		be_sbx(scene, go[0], output[1]);
	}
	(void)close(go[0]);
	(void)close(output[1]);
	box->go = go[1];
	box->output = output[0];
}

static void let_start(struct sandbox *box)
{
	if (write(box->go, "", 1) != 1)
		give_up("cannot start");
}

static void done(struct sandbox *box)
{
	(void)close(box->go);
	(void)close(box->output);
}

/* --- Watching ------------------------------------------------------------------ */

/* A child has stopped or ended: see family_take. */
static void take(void *arg, pid_t pid, int status)
{
	struct sandbox *box = arg;

	if (pid == box->monitor && !WIFSTOPPED(status)) {
		box->monitor_ended = true;
		box->monitor_status = status;
	}
	if (box->trace != NULL)
		trace_take(box->trace, pid, status);
}

/* Check whether the payload has reported that it is ready. */
static bool is_ready(struct sandbox *box)
{
	struct pollfd output = {.fd = box->output, .events = POLLIN};

	if (!box->is_ready && poll(&output, 1, 0) == 1 && (output.revents & POLLIN))
		box->is_ready = true;
	return box->is_ready;
}

/* Wait for an event, at most until the next check of the payload's output. */
static bool look(struct sandbox *box, uint64_t until)
{
	uint64_t soon = family_clock() + LOOK_US;

	return family_look(soon < until ? soon : until, take, box);
}

/* Take what happens for @us microseconds. */
static void serve(struct sandbox *box, uint64_t us)
{
	uint64_t end = family_clock() + us;

	while (family_clock() < end && look(box, end))
		;
}

/*
 * Handle events until the wanted stop.  Returns false if it cannot come any more: all processes
 * have exited, or the payload is ready and has finished its work.
 */
static bool reach(struct sandbox *box)
{
	uint64_t end = family_clock() + PATIENCE_US;

	while (!box->trace->is_reached && family_clock() < end)
		if (!look(box, end) || (is_ready(box) && !box->ends))
			break;
	if (!box->trace->is_reached && box->is_ready)
		serve(box, LOOK_US);
	return box->trace->is_reached;
}

static void kill_all(struct sandbox *box)
{
	if (box->trace != NULL)
		trace_release(box->trace);
	family_clear(take, box);
}

/* --- Killing ------------------------------------------------------------------- */

/* Read the name of process @pid. */
static void read_name(pid_t pid, char name[static 20])
{
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file == NULL || fscanf(file, "%19[^\n]", name) != 1)
		(void)snprintf(name, 20, "?");
	if (file != NULL)
		(void)fclose(file);
}

static bool is_of_sbx(const char *name)
{
	return strncmp(name, "sbx", 3) == 0;
}

/* The process to kill: number @choice, the oldest first, without the command's children. */
static pid_t choose_traced(const struct trace *trace, unsigned choice)
{
	pid_t there[MAX_TRACEES];
	char name[20];
	unsigned n = 0;

	for (unsigned i = 0; i < trace->count; i++) {
		const struct tracee *tracee = &trace->tracees[i];

		read_name(tracee->pid, name);
		if (!tracee->is_gone && (is_of_sbx(name) || tracee->pid == trace->command))
			there[n++] = tracee->pid;
	}
	return n == 0 ? -1 : there[choice % n];
}

/* The same; in every other run it is the monitor. */
static pid_t choose_untraced(const struct sandbox *box, unsigned choice)
{
	static struct relatives found; /* large */
	pid_t there[MAX_RELATIVES];
	unsigned n = 0;

	if (box->monitor_ended)
		return -1;
	if (choice % 2 == 0)
		return box->monitor;
	family_find(&found);
	for (unsigned i = 0; i < found.count; i++)
		if (is_of_sbx(found.list[i].name))
			there[n++] = found.list[i].pid;
	return n == 0 ? box->monitor : there[choice / 2 % n];
}

/* The state of process @pid below this one, as family_find() finds it; 0 if it has ended. */
static char state_of(pid_t pid)
{
	static struct relatives found; /* large */

	family_find(&found);
	for (unsigned i = 0; i < found.count; i++)
		if (found.list[i].pid == pid)
			return found.list[i].state;
	return 0;
}

static bool has_stopped(pid_t pid)
{
	char state = state_of(pid);

	return state == 'T' || state == 0;
}

/*
 * SIGSTOP, then SIGKILL.  Meanwhile the other processes run; but they do not where the
 * command must not get any further.
 */
static void stop_and_kill(struct sandbox *box, const struct scene *scene, pid_t victim)
{
	uint64_t end = family_clock() + STOPPED_US;

	(void)kill(victim, SIGSTOP);
	if (box->trace != NULL && scene->all_die)
		trace_release(box->trace);
	else if (box->trace != NULL)
		trace_release_one(box->trace, victim);
	if (scene->all_die)
		serve(box, STOPPED_US);
	while (!has_stopped(victim) && family_clock() < end)
		(void)family_look(family_clock() + MS / 10, take, box);
	(void)kill(victim, SIGKILL);
}

/*
 * Until @victim has ended, the others are held: a signal to a process that does not get to
 * run for a while is not its end.
 */
static void await_victim(struct sandbox *box, pid_t victim)
{
	uint64_t end = family_clock() + BOUND_US;

	while (state_of(victim) != 0 && family_clock() < end)
		(void)family_look(family_clock() + MS / 10, take, box);
}

/* Send the signal, and let all processes continue. */
static void strike(struct sandbox *box, const struct run *run, pid_t victim)
{
	read_name(victim, box->victim);
	if (run->way == WAY_STOP_KILL)
		stop_and_kill(box, run->scene, victim);
	else
		(void)kill(victim, run->way == WAY_TERM ? SIGTERM : SIGKILL);
	if (box->trace == NULL)
		return;
	if (!run->scene->all_die && run->way != WAY_TERM)
		await_victim(box, victim);
	trace_release(box->trace);
}

/* Wait until nothing is left.  It has been, if at all, too late after BOUND_US. */
static enum result await_end(struct sandbox *box)
{
	box->took_us = family_await_end(PATIENCE_US, take, box);
	if (box->took_us < 0)
		return RESULT_LEFT;
	return box->took_us <= BOUND_US ? RESULT_GONE : RESULT_LATE;
}

/* SIGTERM may end all, or be taken no notice of.  Then kill the monitor. */
static enum result judge_term(struct sandbox *box, const struct run *run)
{
	uint64_t end = family_clock() + PATIENCE_US;

	while (family_clock() < end && !is_ready(box))
		if (!look(box, end))
			return RESULT_GONE;
	if (!box->is_ready)
		return RESULT_LEFT;
	serve(box, LOOK_US);
	if (!box->monitor_ended)
		(void)kill(box->monitor, run->scene->all_die ? SIGKILL : SIGTERM);
	return await_end(box);
}

/*
 * Without --die-with-parent: the command may live on once it is executed; then it is the
 * command, and its end is that of all.
 */
static enum result judge_life(struct sandbox *box, bool is_allowed)
{
	static struct relatives found; /* large */
	uint64_t start = family_clock();
	enum result result;

	while (family_clock() < start + BOUND_US) {
		box->took_us = (int64_t)(family_clock() - start);
		if (!look(box, start + BOUND_US))
			return RESULT_GONE;
	}
	family_find(&found);
	if (!is_allowed || !is_ready(box) || family_kill(&found, "payload") != 1)
		return await_end(box) == RESULT_LEFT ? RESULT_LEFT : RESULT_LATE;
	result = await_end(box);
	return result == RESULT_GONE ? RESULT_RAN_ON : result;
}

/*
 * Whether the command may live on, without --die-with-parent: if it was executed by then, or
 * about to be.  Between the last look at the other processes and the execution are some system
 * calls, and nothing can be done about a process that is killed meanwhile.
 */
static bool may_live(const struct sandbox *box, const struct run *run)
{
	return box->trace == NULL || box->trace->exec != EXEC_NOT_YET || run->is_at_end;
}

static enum result judge(struct sandbox *box, const struct run *run)
{
	if (run->way == WAY_TERM)
		return judge_term(box, run);
	if (run->scene->all_die)
		return await_end(box);
	return judge_life(box, may_live(box, run));
}

/* --- Entries left on the host ---------------------------------------------------- */

#define OWN "mine" /* the folder's entry before the run */

/* Count the entries of the folder but OWN; remove them if @clear. */
static unsigned count_mount_points(bool clear)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	unsigned n = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, OWN) == 0)
			continue;
		n++;
		if (clear) {
			(void)unlinkat(dirfd(dir), "a/f", 0);
			(void)unlinkat(dirfd(dir), "a/b", AT_REMOVEDIR);
			(void)unlinkat(dirfd(dir), "a", AT_REMOVEDIR);
		}
	}
	if (dir != NULL)
		(void)closedir(dir);
	return n;
}

/* OWN is the user's, and has the mode of a mount point. */
static void make_own(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/" OWN, folder);
	if (mkdir(path, 0755) < 0 || chmod(path, 01755) < 0)
		give_up("cannot make " OWN);
}

static bool has_own(void)
{
	char path[4096];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/" OWN, folder);
	return stat(path, &st) == 0 && st.st_mode == (S_IFDIR | 01755);
}

static bool is_folder_empty(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/" OWN, folder);
	return rmdir(path) == 0 && count_mount_points(false) == 0;
}

/* No process is left: has all that was made on the host gone with them? */
static enum result look_at_folder(enum result result)
{
	bool is_over = result == RESULT_GONE || result == RESULT_RAN_ON;

	return is_over && (count_mount_points(false) > 0 || !has_own()) ? RESULT_MOUNT_POINTS
									: result;
}

/* --- Runs ---------------------------------------------------------------------- */

static void explain_stop(const struct run *run, const struct tracee *tracee)
{
	printf(" at stop %u of process %u, where system call %u %s\n", run->stop, run->process,
	       tracee->call, tracee->is_in_call ? "begins" : "ends");
	printf("# to do that again, add: %u %u %u %u %u\n", (unsigned)(run->scene - scenes),
	       run->way, run->choice, run->process, run->stop);
}

static void explain(const struct run *run, const struct sandbox *box, const char *what)
{
	static struct relatives found; /* large */

	printf("# %s: %s: %s to %s", what, run->scene->name, way_names[run->way], box->victim);
	if (run->stop > 0)
		explain_stop(run, &box->trace->tracees[run->process]);
	else
		printf(" after %u us\n", (unsigned)run->delay_us);
	family_find(&found);
	family_print(&found);
}

static enum result run_once(struct sandbox *box, const struct run *run)
{
	enum result result = RESULT_NOT_RUN;
	bool reached = true;
	pid_t victim = -1;

	start(box, run->scene);
	if (box->trace != NULL && !trace_start(box->trace, box->monitor))
		give_up("cannot trace");
	let_start(box);
	if (box->trace != NULL)
		reached = reach(box);
	else
		family_pause(run->delay_us);
	if (reached && box->trace != NULL)
		(void)family_look(0, take, box);
	if (reached)
		victim = box->trace != NULL ? choose_traced(box->trace, run->choice)
					    : choose_untraced(box, run->choice);
	if (victim > 0) {
		strike(box, run, victim);
		result = look_at_folder(judge(box, run));
	}
	if (result == RESULT_LEFT)
		explain(run, box, "left");
	if (result == RESULT_MOUNT_POINTS)
		explain(run, box, "left on the host");
	kill_all(box);
	done(box);
	(void)count_mount_points(true);
	return result;
}

static void count_victim(struct tally *tally, const char *name)
{
	for (unsigned i = 0; i < MAX_NAMES; i++) {
		struct victims *victims = &tally->victims[i];

		if (victims->count > 0 && strcmp(victims->name, name) != 0)
			continue;
		(void)snprintf(victims->name, sizeof(victims->name), "%s", name);
		victims->count++;
		return;
	}
}

/*
 * The same, and once more if it took long: the machine may have other things to do.  Returns
 * whether it could be done.
 */
static bool run_twice(struct sandbox *box, struct trace *trace, const struct run *run,
		      struct tally *tally)
{
	enum result result = RESULT_LATE;

	for (int i = 0; i < 2 && result == RESULT_LATE; i++) {
		*box = (struct sandbox){.trace = trace};
		if (trace != NULL)
			*trace = (struct trace){.process = run->process, .stop = run->stop};
		result = run_once(box, run);
	}
	if (result == RESULT_LATE)
		explain(run, box, "late twice");
	if (result == RESULT_NOT_RUN)
		return false;
	tally->runs++;
	count_victim(tally, box->victim);
	tally->gone += result == RESULT_GONE;
	tally->ran_on += result == RESULT_RAN_ON;
	tally->late += result == RESULT_LATE;
	tally->left += result == RESULT_LEFT;
	tally->mount_points += result == RESULT_MOUNT_POINTS;
	if (box->took_us > tally->worst_us)
		tally->worst_us = box->took_us;
	return true;
}

/* Learn which processes there are, and how many stops each has. */
static void survey(const struct scene *scene, struct trace *trace)
{
	struct sandbox box = {.trace = trace};

	*trace = (struct trace){.process = MAX_TRACEES};
	start(&box, scene);
	if (!trace_start(trace, box.monitor))
		give_up("cannot trace");
	let_start(&box);
	(void)reach(&box);
	if (!box.is_ready)
		printf("# the payload did not run: status %d\n", box.monitor_status);
	kill_all(&box);
	done(&box);
	(void)count_mount_points(true);
}

/* How many stops of process @i count. */
static unsigned stops_of(const struct scene *scene, const struct trace *surveyed, unsigned i)
{
	return scene->all_die ? surveyed->tracees[i].stops : surveyed->stops_before_exec[i];
}

/* Whether process @i is the one that executes the command. */
static bool executes(const struct trace *surveyed, unsigned i)
{
	return surveyed->tracees[i].pid == surveyed->command;
}

/* Find the stop @index, counted over all processes.  Returns whether there is one. */
static bool find_stop(const struct scene *scene, const struct trace *surveyed, unsigned index,
		      struct run *run)
{
	for (unsigned i = 0; i < surveyed->count; i++) {
		unsigned stops = stops_of(scene, surveyed, i);

		if (index < stops) {
			run->process = i;
			run->stop = index + 1;
			run->is_at_end = executes(surveyed, i) && stops - index <= LAST_STOPS;
			return true;
		}
		index -= stops;
	}
	return false;
}

/* @wanted runs were asked for; a stop may not be reached. */
static void print_tally(const struct scene *scene, const char *when, const struct tally *tally,
			unsigned wanted)
{
	bool good = tally->left == 0 && tally->late == 0 && tally->mount_points == 0 &&
		    tally->runs * 10 >= wanted * 9;

	printf("%s - %s: killed %s, nothing is left\n", good ? "ok" : "not ok", scene->name, when);
	printf("# %u runs, %u survivors, %u with mount points left, %u late, %u ran on; the worst "
	       "took %.1f ms\n",
	       tally->runs, tally->left, tally->mount_points, tally->late, tally->ran_on,
	       (double)tally->worst_us / MS);
	(void)fflush(stdout);
}

/* The steps of the golden ratio: any number of them are spread evenly. */
static unsigned spread(unsigned step, unsigned range)
{
	return (unsigned)((uint64_t)(step * 2654435769U) * range >> 32);
}

static enum way way_of(unsigned step)
{
	static const enum way ways[] = {WAY_KILL, WAY_STOP_KILL, WAY_KILL, WAY_TERM};

	return ways[step % 4];
}

static void kill_at_stops(const struct scene *scene, unsigned runs)
{
	static struct trace trace; /* large */
	struct trace surveyed;
	struct tally tally = {0};
	unsigned stops = 0;

	survey(scene, &surveyed);
	for (unsigned i = 0; i < surveyed.count; i++)
		stops += stops_of(scene, &surveyed, i);
	printf("# %s: %u processes, %u stops\n", scene->name, surveyed.count, stops);
	for (unsigned i = 0; tally.runs < runs && i < 2 * runs; i++) { /* some are not reached */
		struct run run = {.scene = scene, .way = way_of(i), .choice = i / 4};
		struct sandbox box;

		if (find_stop(scene, &surveyed, spread(i, stops), &run))
			(void)run_twice(&box, &trace, &run, &tally);
	}
	print_tally(scene, "at any system call", &tally, runs);
}

static void kill_at_times(const struct scene *scene, unsigned runs)
{
	struct tally tally = {0};

	for (unsigned i = 0; i < runs; i++) {
		struct run run = {
			.scene = scene,
			.way = WAY_KILL,
			.choice = i,
			.delay_us = spread(i, RANDOM_US),
		};
		struct sandbox box;

		(void)run_twice(&box, NULL, &run, &tally);
	}
	print_tally(scene, "at any time", &tally, runs);
}

/* Repeat the run that @words describe. */
static void repeat(unsigned runs, char **words)
{
	static struct trace trace; /* large */
	unsigned numbers[5];
	struct tally tally = {0};
	struct sandbox box;
	struct run run;

	for (unsigned i = 0; i < 5; i++)
		numbers[i] = (unsigned)strtoul(words[i], NULL, 10);
	run = (struct run){
		.scene = &scenes[numbers[0] % SCENES],
		.way = numbers[1] % WAYS,
		.choice = numbers[2],
		.process = numbers[3] % MAX_TRACEES,
		.stop = numbers[4],
	};
	for (unsigned i = 0; i < runs; i++)
		(void)run_twice(&box, &trace, &run, &tally);
	print_tally(run.scene, "at one system call", &tally, runs);
}

/* --- All of it ------------------------------------------------------------------- */

static char *read_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *text = NULL;
	size_t size = 0;

	if (file == NULL || getdelim(&text, &size, '\0', file) < 0)
		give_up("cannot read the mounts");
	(void)fclose(file);
	return text;
}

int main(int argc, char **argv)
{
	char *before;
	char *after;
	unsigned runs;

	if (argc > 2 && strcmp(argv[1], "--as") == 0) {
		starter = (unsigned)strtoul(argv[2], NULL, 10);
		argc -= 2;
		argv += 2;
	}
	if (argc != 5 && argc != 10) {
		(void)fprintf(stderr, "usage: kill_matrix [--as ID] SBX PAYLOAD FOLDER RUNS "
				      "[SCENE WAY CHOICE PROCESS STOP]\n");
		return 2;
	}
	sbx = argv[1];
	payload = argv[2];
	folder = argv[3];
	runs = (unsigned)strtoul(argv[4], NULL, 10);
	family_adopt();
	before = read_mounts();
	make_own();
	if (argc > 5)
		repeat(runs, argv + 5);
	for (size_t i = 0; argc == 5 && i < SCENES; i++) {
		kill_at_stops(&scenes[i], runs);
		kill_at_times(&scenes[i], runs / 2);
	}
	after = read_mounts();
	printf("%s - no mount is left\n", strcmp(before, after) == 0 ? "ok" : "not ok");
	printf("%s - no file is left\n", is_folder_empty() ? "ok" : "not ok");
	free(before);
	free(after);
	return 0;
}
