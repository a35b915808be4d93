#include "cpu.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The first number of a schedstat: nanoseconds on the CPU. */
static uint64_t read_schedstat(const char *path)
{
	FILE *file = fopen(path, "r");
	uint64_t ns = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &ns) != 1)
		ns = 0;
	fclose(file);
	return ns;
}

size_t cpu_of_threads(const char *pid, uint64_t *ns, size_t cap)
{
	char path[320];
	struct dirent *task;
	size_t count = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%s/task", pid);
	tasks = opendir(path);
	while (tasks && count < cap && (task = readdir(tasks))) {
		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid,
			 task->d_name);
		ns[count++] = read_schedstat(path);
	}
	if (tasks)
		closedir(tasks);
	return count;
}

uint64_t cpu_of(const char *pid)
{
	uint64_t ns[CPU_THREADS_MAX], sum = 0;
	size_t count = cpu_of_threads(pid, ns, CPU_THREADS_MAX);

	for (size_t i = 0; i < count; i++)
		sum += ns[i];
	return sum;
}

void cpu_find_softirq(char *pid, size_t cap, const char *cpu)
{
	char path[320], want[32], name[32];
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	pid[0] = '\0';
	snprintf(want, sizeof want, "ksoftirqd/%s", cpu);
	while (proc && !pid[0] && (entry = readdir(proc))) {
		FILE *file;

		snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fscanf(file, "%31s", name) == 1 && strcmp(name, want) == 0)
			snprintf(pid, cap, "%.15s", entry->d_name);
		fclose(file);
	}
	if (proc)
		closedir(proc);
}
