#include "tests/harness/body.h"
#include "tests/harness/target.h"
#include <stdio.h>
int main(void)
{
	static struct site s;
	setvbuf(stdout, NULL, _IOLBF, 0);
	site_make(&s, 0, "build/dev");
	bool ok = site_fill(&s);
	printf("# fill %d wrong %s\n", ok, s.wrong);
	int status;
	json_t *j = site_api(&s, "POST", "/v1/orders", "{\"verb\":\"start\",\"persona\":\"web-01\",\"machine\":\"blade-a\"}", &status);
	printf("%d %s\n", status, j ? json_dumps(j, JSON_COMPACT) : "-");
	if (status != 200 && status != 202) goto out;
	int64_t until = site_now_ns(&s) + 900 * SECOND_NS;
	while (!s.over && !s.stopped && site_now_ns(&s) < until) site_turn(&s);
out:
	for (unsigned i = 0; i < LINES; i++) printf("# %s\n", s.line[(s.lines + i) % LINES]);
	site_drop(&s);
}
