/* Somebody else's program: a machine and the version of the library. */
#include <altair/altair.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
	altair_addr peer;
	char text[ALTAIR_ADDR_TEXT];

	if (strcmp(altair_version(), ALTAIR_VERSION) != 0)
		return 1;
	if (altair_addr_parse(&peer, "192.0.2.1:5000") != 0)
		return 2;
	if (altair_addr_format(&peer, text, sizeof text) < 0)
		return 3;
	printf("%s\n", text);
	return strcmp(text, "192.0.2.1:5000") != 0;
}
