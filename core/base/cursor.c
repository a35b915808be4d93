#include "base/cursor.h"

#include "base/assert.h"

#include <string.h>

struct air_reader air_reader(altair_bytes bytes)
{
	return (struct air_reader){bytes.data, bytes.len, false};
}

altair_bytes air_read_bytes(struct air_reader *r, size_t len)
{
	altair_bytes taken = {r->data, len};

	if (r->failed || r->len < len) {
		r->failed = true;
		return (altair_bytes){r->data, 0};
	}
	r->data += len;
	r->len -= len;
	return taken;
}

/* Big-endian integer of `size` bytes; 0 when they are not there. */
static uint64_t read_int(struct air_reader *r, size_t size)
{
	altair_bytes bytes = air_read_bytes(r, size);
	uint64_t v = 0;

	for (size_t i = 0; i < bytes.len; i++)
		v = v << 8 | bytes.data[i];
	return v;
}

uint8_t air_read_u8(struct air_reader *r)
{
	return (uint8_t)read_int(r, 1);
}

uint16_t air_read_u16(struct air_reader *r)
{
	return (uint16_t)read_int(r, 2);
}

uint32_t air_read_u32(struct air_reader *r)
{
	return (uint32_t)read_int(r, 4);
}

uint64_t air_read_u64(struct air_reader *r)
{
	return read_int(r, 8);
}

struct air_writer air_writer(uint8_t *data, size_t cap)
{
	return (struct air_writer){data, cap, 0, false};
}

/* The place of the next `len` bytes, or NULL when they do not fit. */
static uint8_t *reserve(struct air_writer *w, size_t len)
{
	uint8_t *at = w->data + w->len;

	if (w->failed || w->cap - w->len < len) {
		w->failed = true;
		return NULL;
	}
	w->len += len;
	return at;
}

static void put_int(uint8_t *at, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(v >> 8 * (size - 1 - i));
}

static void write_int(struct air_writer *w, uint64_t v, size_t size)
{
	uint8_t *at = reserve(w, size);

	if (at)
		put_int(at, v, size);
}

void air_write_u8(struct air_writer *w, uint8_t v)
{
	write_int(w, v, 1);
}

void air_write_u16(struct air_writer *w, uint16_t v)
{
	write_int(w, v, 2);
}

void air_write_u32(struct air_writer *w, uint32_t v)
{
	write_int(w, v, 4);
}

void air_write_u64(struct air_writer *w, uint64_t v)
{
	write_int(w, v, 8);
}

void air_write_bytes(struct air_writer *w, altair_bytes bytes)
{
	uint8_t *at = reserve(w, bytes.len);

	if (at && bytes.len > 0)
		memcpy(at, bytes.data, bytes.len);
}

void air_write_zeros(struct air_writer *w, size_t len)
{
	uint8_t *at = reserve(w, len);

	if (at && len > 0)
		memset(at, 0, len);
}

void air_patch_u16(struct air_writer *w, size_t at, uint16_t v)
{
	if (w->failed)
		return;
	AIR_ASSERT(at + 2 <= w->len);
	put_int(w->data + at, v, 2);
}

altair_bytes air_written(const struct air_writer *w)
{
	return (altair_bytes){w->data, w->failed ? 0 : w->len};
}

bool air_bytes_equal(altair_bytes a, altair_bytes b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.data, b.data, a.len));
}

bool air_bytes_equal_secret(altair_bytes a, altair_bytes b)
{
	uint8_t difference = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		difference |= a.data[i] ^ b.data[i];
	return difference == 0;
}

altair_bytes air_text(const char *text)
{
	return (altair_bytes){(const uint8_t *)text, strlen(text)};
}
