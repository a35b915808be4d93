/*
 * CRC-32 as RFC 8489 14.7 asks for it: ITU-T V.42, the one of RFC 1952 section
 * 8 (reflected, polynomial 0xEDB88320, complemented at both ends).
 */
#ifndef AIR_CRC32_H
#define AIR_CRC32_H

#include <altair/base.h>

/* The checksum of the concatenation of `count` parts. */
uint32_t air_crc32(const altair_bytes *parts, size_t count);

#endif
