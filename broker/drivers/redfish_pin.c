/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that calls OpenSSL: see redfish_pin.h. libcurl's own pin is of a public key, and
 * does not tell what was shown in its place. */
#include "drivers/redfish_pin.h"

#include <stdint.h>
#include <string.h>

#include "drivers/redfish_lib.h"

static bool fingerprint(char to[PIN_TEXT], const X509 *cert)
{
	static const char kind[] = "sha256:";
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (!cert || !https.X509_digest(cert, https.EVP_sha256(), digest, &len) || len != 32)
		return false;
	memcpy(to, kind, sizeof kind - 1);
	hex_text(to + sizeof kind - 1, digest, len);
	return true;
}

static int chain_is_pinned(X509_STORE_CTX *chain, void *arg)
{
	struct pin *pin = arg;
	pin->seen[0] = '\0';
	pin->refused = false;
	if (!fingerprint(pin->seen, https.X509_STORE_CTX_get0_cert(chain)))
		return 0;
	if (!pin->want[0])
		memcpy(pin->want, pin->seen, PIN_TEXT);
	pin->refused = strcmp(pin->want, pin->seen) != 0;
	https.X509_STORE_CTX_set_error(
		chain, pin->refused ? X509_V_ERR_APPLICATION_VERIFICATION : X509_V_OK);
	return !pin->refused;
}

static CURLcode context_made(CURL *curl, void *context, void *arg)
{
	(void)curl;
	https.SSL_CTX_set_cert_verify_callback(context, chain_is_pinned, arg);
	https.SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return CURLE_OK;
}

CURLcode pin_hold(CURL *curl, struct pin *pin)
{
	/* libcurl's own check is off so that it loads no authorities; ours takes its place. A
	 * session that is resumed shows no certificate: none is. */
	CURLcode c = https.curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, context_made);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, pin);
	/* No proxy of the environment, no other scheme, no other host by a redirect: that is where
	 * the password goes. */
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_PROXY, "");
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	c = c ? c : https.curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)PIN_CONNECT_MS);
	return c ? c : https.curl_easy_setopt(curl, CURLOPT_USERAGENT, "baton");
}
