/* The two look-ups of the error table in <altair/error.h>, and the version. */
#include <altair/error.h>

struct row {
	int code;
	const char *name, *text;
};

static const struct row rows[] = {{0, "ALTAIR_OK", "success"},
#define ROW(name, code, text) {code, "ALTAIR_E_" #name, text},
				  ALTAIR_ERRORS(ROW)
#undef ROW
};

static const struct row *find(int code)
{
	static const struct row unknown = {0, "ALTAIR_E_?", "unknown error"};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].code == code)
			return &rows[i];
	}
	return &unknown;
}

const char *altair_errname(int code)
{
	return find(code)->name;
}

const char *altair_strerror(int code)
{
	return find(code)->text;
}

const char *altair_version(void)
{
	return ALTAIR_VERSION;
}
