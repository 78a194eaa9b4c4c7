#include "lib/base/qr.h"
#include "lib/base/test.h"

#include <stdio.h>
#include <string.h>

TEST(a_qr_code_has_its_three_finders_and_a_quiet_zone)
{
	struct arena *a = arena_new();
	str svg = qr_svg(a, S("otpauth://totp/Sojorn:ann@example.com?secret=JBSWY3DPEHPK3PXP"));
	int size = 0;

	EXPECT_TRUE(str_starts(svg, S("<svg xmlns=")) && str_ends(svg, S("</svg>")));
	EXPECT_EQ(1, sscanf(strstr(svg.p, "viewBox=\"0 0 "), "viewBox=\"0 0 %d", &size));
	EXPECT_EQ(1, (size - 2 * 4) % 4); /* 21, 25, 29 … modules */
	EXPECT_TRUE(str_find(svg, S("M4 4h7v1h-7z")) > 0);
	EXPECT_TRUE(str_find(svg, arena_printf(a, "M%d 4h7v1h-7z", size - 4 - 7)) > 0);
	EXPECT_TRUE(str_find(svg, arena_printf(a, "M4 %dh7v1h-7z", size - 4 - 1)) > 0);
	arena_free(a);
}

TEST(what_is_too_long_has_no_qr_code)
{
	struct arena *a = arena_new();
	char *text = arena_alloc(a, 3000);

	memset(text, 'x', 3000);
	EXPECT_TRUE(qr_svg(a, (str){ text, 2331 }).p != NULL);
	EXPECT_TRUE(qr_svg(a, (str){ text, 2332 }).p == NULL);
	EXPECT_TRUE(qr_svg(a, S("")).p == NULL);
	arena_free(a);
}
