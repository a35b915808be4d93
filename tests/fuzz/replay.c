/*
 * Runs a fuzz target without libFuzzer, always the same way: every file of its
 * corpus, then 20,000 inputs that a fixed generator derives from them. Every
 * input lies in memory of exactly its size, for the sanitizers.
 *
 *     replay <directory of corpus files>
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define MUTANTS 20000
#define FILES_MAX 256
#define LEN_MAX 4096

static struct file {
	char name[256];
	uint8_t bytes[LEN_MAX];
	size_t len;
} files[FILES_MAX];
static size_t file_count;

static uint64_t state = 1;

static size_t below(size_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(state >> 33) % n;
}

static void run(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);

	if (!exact)
		abort();
	memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name,
		      ((const struct file *)b)->name);
}

static void load(const char *directory, const char *name)
{
	struct file *f = &files[file_count];
	char path[1024];
	FILE *in;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	in = fopen(path, "rb");
	if (!in) {
		perror(path);
		exit(1);
	}
	snprintf(f->name, sizeof f->name, "%s", name);
	f->len = fread(f->bytes, 1, sizeof f->bytes, in);
	fclose(in);
	file_count++;
}

static void load_all(const char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *entry;

	if (!d) {
		perror(directory);
		exit(1);
	}
	while ((entry = readdir(d)) && file_count < FILES_MAX)
		if (entry->d_name[0] != '.')
			load(directory, entry->d_name);
	closedir(d);
	/* The order of a directory is not the same everywhere. */
	qsort(files, file_count, sizeof *files, by_name);
}

/* One change of those that find most: flip, set, cut, repeat, splice. */
static size_t mutate(uint8_t *bytes, size_t len)
{
	static const uint8_t edges[] = {0x00, 0xff, 0x7f, 0x80, 0x01, 0x04};
	const struct file *other = &files[below(file_count)];
	size_t at = below(len + 1), from, n;

	switch (below(6)) {
	case 0:
		if (at < len)
			bytes[at] ^= (uint8_t)(1u << below(8));
		return len;
	case 1:
		if (at < len)
			bytes[at] = edges[below(sizeof edges)];
		return len;
	case 2:
		if (at < len)
			bytes[at] = (uint8_t)below(256);
		return len;
	case 3:
		return at;
	case 4:
		n = below(len - at + 1);
		if (len + n > LEN_MAX)
			return len;
		memmove(bytes + at + n, bytes + at, len - at);
		return len + n;
	default:
		from = below(other->len + 1);
		n = other->len - from;
		if (at + n > LEN_MAX)
			n = LEN_MAX - at;
		memcpy(bytes + at, other->bytes + from, n);
		return at + n;
	}
}

int main(int argc, char **argv)
{
	static uint8_t bytes[LEN_MAX];

	if (argc != 2) {
		fprintf(stderr, "usage: %s <corpus directory>\n", argv[0]);
		return 2;
	}
	load_all(argv[1]);
	if (file_count == 0) {
		fprintf(stderr, "%s: no corpus\n", argv[1]);
		return 1;
	}
	run(bytes, 0);
	for (size_t i = 0; i < file_count; i++)
		run(files[i].bytes, files[i].len);
	for (size_t i = 0; i < MUTANTS; i++) {
		const struct file *f = &files[below(file_count)];
		size_t len = f->len;

		memcpy(bytes, f->bytes, len);
		for (size_t n = 1 + below(8); n > 0; n--)
			len = mutate(bytes, len);
		run(bytes, len);
	}
	printf("%zu files, %d mutants\n", file_count, MUTANTS);
	return 0;
}
