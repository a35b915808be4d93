/*
 * The only place that touches wire bytes: a bounded reader and a bounded
 * writer, big-endian, without casts or alignment. Errors are sticky: after the
 * first one a reader gives zeros and a writer writes nothing, so a decoder
 * checks `failed` once at its end.
 */
#ifndef AIR_CURSOR_H
#define AIR_CURSOR_H

#include <altair/base.h>

struct air_reader {
	const uint8_t *data;
	size_t len; /* bytes not yet read */
	bool failed;
};

struct air_writer {
	uint8_t *data; /* start of the buffer */
	size_t cap;
	size_t len; /* bytes written so far */
	bool failed;
};

struct air_reader air_reader(altair_bytes bytes);
uint8_t air_read_u8(struct air_reader *r);
uint16_t air_read_u16(struct air_reader *r);
uint32_t air_read_u32(struct air_reader *r);
uint64_t air_read_u64(struct air_reader *r);
/* A view of the next `len` bytes; an empty one when they are not there. */
altair_bytes air_read_bytes(struct air_reader *r, size_t len);

struct air_writer air_writer(uint8_t *data, size_t cap);
void air_write_u8(struct air_writer *w, uint8_t v);
void air_write_u16(struct air_writer *w, uint16_t v);
void air_write_u32(struct air_writer *w, uint32_t v);
void air_write_u64(struct air_writer *w, uint64_t v);
void air_write_bytes(struct air_writer *w, altair_bytes bytes);
void air_write_zeros(struct air_writer *w, size_t len);
/* Overwrites two bytes that were written before. */
void air_patch_u16(struct air_writer *w, size_t at, uint16_t v);
altair_bytes air_written(const struct air_writer *w);

bool air_bytes_equal(altair_bytes a, altair_bytes b);
/* In time that depends on the length only: for secrets and MACs. */
bool air_bytes_equal_secret(altair_bytes a, altair_bytes b);
altair_bytes air_text(const char *text); /* without the NUL */

#endif
