/*
 * cpu.h - what other processes cost: what the scheduler says their threads ran
 * (/proc/PID/task/N/schedstat). That includes the softirq work done in their
 * time: on loopback, a sender carries its datagram up to the receiver's socket.
 */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stddef.h>
#include <stdint.h>

/* More threads of a process are not looked at. */
#define CPU_THREADS_MAX 64

/* Nanoseconds on the CPU of all threads of a process; 0 when there is none. */
uint64_t cpu_of(const char *pid);
/* Fills in the nanoseconds of each thread, at most `cap`, in the order of their
 * numbers; how many there are. */
size_t cpu_of_threads(const char *pid, uint64_t *ns, size_t cap);
/* The process id of ksoftirqd/CPU, or "" if there is none to be seen. */
void cpu_find_softirq(char *pid, size_t cap, const char *cpu);

#endif
