/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate from GnuTLS, which libmicrohttpd's TLS stands on: see cert.h. */
#include "sim/cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ids.h"

enum { VALID_S = 10 * 365 * 86400 };

static int failed(int code, struct err *e)
{
	return err_say(e, EIO, "make a certificate: %s", gnutls_strerror(code));
}

/* The text of an exported datum; NULL: no memory. */
static char *text_take(gnutls_datum_t *d)
{
	char *text = malloc(d->size + 1);
	if (text) {
		memcpy(text, d->data, d->size);
		text[d->size] = '\0';
	}
	gnutls_free(d->data);
	return text;
}

static int fill(
	gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *address, const char *name)
{
	uint8_t serial[8] = { 1 };
	struct in_addr in;
	time_t now = time(NULL);
	int r = gnutls_rnd(GNUTLS_RND_NONCE, serial + 1, sizeof serial - 1);
	r = r < 0 ? r : gnutls_x509_crt_set_version(crt, 3);
	r = r < 0 ? r : gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
	r = r < 0 ? r : gnutls_x509_crt_set_activation_time(crt, now - 86400);
	r = r < 0 ? r : gnutls_x509_crt_set_expiration_time(crt, now + VALID_S);
	r = r < 0 ? r
		  : gnutls_x509_crt_set_dn_by_oid(
			    crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	r = r < 0 ? r
		  : gnutls_x509_crt_set_subject_alt_name(
			    crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_SET);
	if (r >= 0 && inet_pton(AF_INET, address, &in) == 1)
		r = gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_IPADDRESS, &in, sizeof in, GNUTLS_FSAN_APPEND);
	r = r < 0 ? r : gnutls_x509_crt_set_key(crt, key);
	return r < 0 ? r : gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

int cert_make(struct cert *ret, const char *address, const char *name, struct err *e)
{
	gnutls_x509_crt_t crt = NULL;
	gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t text = { 0 };
	uint8_t digest[32];
	size_t len = sizeof digest;
	*ret = (struct cert){ 0 };
	int r = gnutls_x509_crt_init(&crt);
	r = r < 0 ? r : gnutls_x509_privkey_init(&key);
	r = r < 0 ? r
		  : gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
			    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	r = r < 0 ? r : fill(crt, key, address, name);
	r = r < 0 ? r : gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, digest, &len);
	r = r < 0 ? r : gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text);
	if (r >= 0) {
		ret->pem = text_take(&text);
		r = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text);
	}
	if (r >= 0) {
		ret->key = text_take(&text);
		hex_text(ret->fingerprint, digest, sizeof digest);
	}
	if (crt)
		gnutls_x509_crt_deinit(crt);
	if (key)
		gnutls_x509_privkey_deinit(key);
	if (r >= 0 && ret->pem && ret->key)
		return 0;
	cert_fini(ret);
	return r < 0 ? failed(r, e) : err_set(e, ENOMEM, "make a certificate");
}

void cert_fini(struct cert *c)
{
	if (c->key)
		memset(c->key, 0, strlen(c->key));
	free(c->key);
	free(c->pem);
	*c = (struct cert){ 0 };
}
