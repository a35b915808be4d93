/*
 * certificate.h - a key and a certificate that signs itself, for servers in tests.
 */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

struct certificate {
	EVP_PKEY *key;
	X509 *x509;
	char file[40], key_file[40]; /* PEM */
};

/* Makes it, for `names` as OpenSSL writes them ("DNS:a.example,IP:::1"), valid
 * for `seconds`. */
bool certificate_make(struct certificate *out, const char *names, long seconds);
void certificate_free(struct certificate *certificate);

#endif
