/*
 * The whole test framework. A test file defines `static void name(void)`
 * functions, lists them in a table, and ends with CHECK_MAIN(table). Every test
 * prints one line; a failed check prints where and ends the test.
 */
#ifndef ALTAIR_CHECK_H
#define ALTAIR_CHECK_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

struct check_test {
	const char *name;
	void (*run)(void);
};

#define TEST(function)                                                         \
	{                                                                      \
#function, function                                            \
	}

static jmp_buf check_out;

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			printf("# %s:%d: %s\n", __FILE__, __LINE__,            \
			       #condition);                                    \
			longjmp(check_out, 1);                                 \
		}                                                              \
	} while (0)

/* Two integers. */
#define CHECK_EQ(got, want)                                                    \
	do {                                                                   \
		intmax_t check_got = (intmax_t)(got);                          \
		intmax_t check_want = (intmax_t)(want);                        \
		if (check_got != check_want) {                                 \
			printf("# %s:%d: %s is %" PRIdMAX ", not %" PRIdMAX    \
			       "\n",                                           \
			       __FILE__, __LINE__, #got, check_got,            \
			       check_want);                                    \
			longjmp(check_out, 1);                                 \
		}                                                              \
	} while (0)

#define CHECK_STR(got, want)                                                   \
	do {                                                                   \
		const char *check_got = (got), *check_want = (want);           \
		if (strcmp(check_got, check_want) != 0) {                      \
			printf("# %s:%d: %s is \"%s\", not \"%s\"\n",          \
			       __FILE__, __LINE__, #got, check_got,            \
			       check_want);                                    \
			longjmp(check_out, 1);                                 \
		}                                                              \
	} while (0)

#define CHECK_MEM(got, want, len) CHECK(memcmp((got), (want), (len)) == 0)

/* Runs all tests, or those named on the command line. */
#define CHECK_MAIN(tests)                                                      \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return check_run(tests, sizeof tests / sizeof *tests, argc,    \
				 argv);                                        \
	}

/* Runs one test. Apart, so that longjmp clobbers no variable of the loop. */
static inline int check_one(const struct check_test *test)
{
	if (setjmp(check_out) == 0) {
		test->run();
		printf("ok %s\n", test->name);
		return 1;
	}
	printf("not ok %s\n", test->name);
	return 0;
}

static inline int check_run(const struct check_test *tests, size_t count,
			    int argc, char **argv)
{
	size_t failed = 0, run = 0;

	for (size_t i = 0; i < count; i++) {
		int wanted = argc < 2;

		for (int k = 1; k < argc; k++)
			wanted |= !strcmp(argv[k], tests[i].name);
		if (!wanted)
			continue;
		run++;
		failed += !check_one(&tests[i]);
		fflush(stdout);
	}
	printf("# %zu run, %zu failed\n", run, failed);
	return failed > 0 || run == 0;
}

#endif
