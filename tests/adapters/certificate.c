/*
 * Made anew in each run: nothing expires in the tree.
 */
#define _GNU_SOURCE
#include "certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool add_names(X509 *x509, const char *names)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name,
					names);
	if (!extension)
		return false;
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
	return true;
}

static bool sign(struct certificate *c, const char *names, long seconds)
{
	X509_NAME *subject;

	c->key = EVP_EC_gen("P-256");
	c->x509 = X509_new();
	subject = X509_get_subject_name(c->x509);
	X509_set_version(c->x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c->x509), 1);
	X509_gmtime_adj(X509_getm_notBefore(c->x509), -7200);
	X509_gmtime_adj(X509_getm_notAfter(c->x509), seconds);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				   (const uint8_t *)"test", -1, -1, 0);
	X509_set_issuer_name(c->x509, subject);
	X509_set_pubkey(c->x509, c->key);
	return add_names(c->x509, names) &&
	       X509_sign(c->x509, c->key, EVP_sha256()) > 0;
}

static FILE *open_file(char path[40])
{
	int fd;

	snprintf(path, 40, "/tmp/altair-tls.XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

bool certificate_make(struct certificate *out, const char *names, long seconds)
{
	FILE *stream, *key_stream;
	bool is_made;

	*out = (struct certificate){0};
	is_made = sign(out, names, seconds);
	stream = open_file(out->file);
	key_stream = open_file(out->key_file);
	if (!stream || !key_stream)
		return false;
	is_made = is_made && PEM_write_X509(stream, out->x509) == 1 &&
		  PEM_write_PrivateKey(key_stream, out->key, NULL, NULL, 0,
				       NULL, NULL) == 1;
	fclose(stream);
	fclose(key_stream);
	return is_made;
}

void certificate_free(struct certificate *certificate)
{
	unlink(certificate->file);
	unlink(certificate->key_file);
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
}
