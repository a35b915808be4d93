/* Text to an endpoint and back, and any address to text and back. */
#include "fuzz.h"

#include <altair/base.h>
#include <altair/error.h>

#include <string.h>

static void check_text(const altair_addr *a, bool with_port)
{
	char text[ALTAIR_ADDR_TEXT], little[ALTAIR_ADDR_TEXT];
	altair_addr again;
	int len = with_port ? altair_addr_format(a, text, sizeof text)
			    : altair_addr_format_ip(a, text, sizeof text);

	FUZZ_CHECK(len > 0 && (size_t)len == strlen(text));
	FUZZ_CHECK((with_port ? altair_addr_parse(&again, text)
			      : altair_addr_parse_ip(&again, text, a->port)) ==
		   0);
	FUZZ_CHECK(altair_addr_equal(a, &again));
	for (size_t cap = 0; cap <= (size_t)len; cap++)
		FUZZ_CHECK((with_port
				    ? altair_addr_format(a, little, cap)
				    : altair_addr_format_ip(a, little, cap)) ==
			   ALTAIR_E_SPACE);
}

static void from_text(const uint8_t *data, size_t len)
{
	char text[200];
	altair_addr a, before;
	int rc;

	if (len >= sizeof text)
		len = sizeof text - 1;
	memcpy(text, data, len);
	text[len] = 0;
	memset(&a, 0x5a, sizeof a);
	before = a;
	rc = altair_addr_parse(&a, text);
	if (rc == 0) {
		FUZZ_CHECK(a.port > 0);
		altair_addr_classify(&a);
		check_text(&a, true);
	} else {
		FUZZ_CHECK(rc == ALTAIR_E_SYNTAX || rc == ALTAIR_E_NO_PORT ||
			   rc == ALTAIR_E_PORT);
		FUZZ_CHECK(!memcmp(&a, &before, sizeof a));
	}
	if (altair_addr_parse_ip(&a, text, 7) == 0)
		check_text(&a, false);
}

static void from_bytes(const uint8_t *data, size_t len)
{
	altair_addr a = {0}, v4;
	bool is_v4;

	if (len < 23)
		return;
	is_v4 = data[0] & 1;
	a.family = is_v4 ? ALTAIR_IPV4 : ALTAIR_IPV6;
	a.port = (uint16_t)(data[1] << 8 | data[2] | 1);
	memcpy(a.ip, data + 3, is_v4 ? 4 : 16);
	if (!is_v4)
		memcpy(&a.scope, data + 19, 4);
	/* What is mapped comes back as IPv4: not the same address. */
	v4 = a;
	if (!is_v4 && !memcmp(a.ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12))
		return;
	altair_addr_classify(&a);
	FUZZ_CHECK(altair_addr_equal(&a, &v4));
	check_text(&a, true);
	check_text(&a, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	from_text(data, len);
	from_bytes(data, len);
	return 0;
}
