/*
 * See image.h. Each loader is called by name: libvips has many more, for formats whose readers were never
 * meant for strangers' files, and would choose among them by content.
 */
#include "app/media/image.h"

#include "app/media/scrub.h"
#include "lib/store/store.h"

#include <errno.h>
#include <unistd.h>
#include <vips/vips.h>

enum {
	THUMBNAIL = 480,
	SIDE_MAX = 16384,
	GIF_FRAME_MAX = 1
		<< 22, /* pixels; for larger ones libimagequant, which makes the palettes, loses memory */
};

static const struct err_info pixels_info = { .status = 413,
					     .code = "image_too_large",
					     .message = "the image has too many pixels" };
static const err err_media_pixels = { &pixels_info };

/* What is wrong with strangers' files is no news for the log. */
static void be_silent(const char *domain, GLogLevelFlags level, const char *message, void *arg)
{
	(void)domain, (void)level, (void)message, (void)arg;
}

bool image_begin(void)
{
	if (VIPS_INIT("sojorn") != 0)
		return false;
	g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO,
			  be_silent, NULL);
	vips_concurrency_set(1); /* the threads are ours */
	vips_cache_set_max(0);
	return true;
}

/* ---- reading ---- */

static int load(VipsSource *from, enum media_form form, VipsAccess access, VipsImage **out)
{
	VipsFailOn strict = VIPS_FAIL_ON_TRUNCATED;

	switch (form) {
	case FORM_JPEG:
		return vips_jpegload_source(from, out, "access", access, "fail_on", strict, NULL);
	case FORM_PNG:
		return vips_pngload_source(from, out, "access", access, "fail_on", strict, NULL);
	case FORM_WEBP:
		return vips_webpload_source(from, out, "n", -1, "access", access, "fail_on", strict,
					    NULL);
	case FORM_GIF:
		return vips_gifload_source(from, out, "n", -1, "access", access, "fail_on", strict,
					   NULL);
	case FORM_HEIF:
		return vips_heifload_source(from, out, "access", access, "fail_on", strict, NULL);
	default:
		return -1;
	}
}

static err check_size(VipsImage *image, enum media_form form)
{
	int64_t width = vips_image_get_width(image), frame = vips_image_get_page_height(image);

	if (width * vips_image_get_height(image) > IMAGE_PIXELS_MAX || width > SIDE_MAX
	    || frame > SIDE_MAX || (form == FORM_GIF && width * frame > GIF_FRAME_MAX))
		return err_media_pixels;
	return OK;
}

/* From the head alone; nothing is decoded yet. Turning an image needs all of it at once, else it is read
 * from top to bottom and written as it comes. */
static err open_image(VipsSource *from, enum media_form form, VipsImage **out)
{
	bool turned;
	err e;

	if (load(from, form, VIPS_ACCESS_SEQUENTIAL, out) != 0)
		return err_media_broken;
	e = check_size(*out, form);
	turned = form == FORM_JPEG && vips_image_get_orientation(*out) > 1;
	if (!e.info && !turned)
		return OK;
	g_clear_object(out);
	if (e.info)
		return e;
	return load(from, form, VIPS_ACCESS_RANDOM, out) == 0 ? OK : err_media_broken;
}

/* ---- what is done to it ---- */

/* Replaces *image by *made; false when that could not be made. */
static bool replace(VipsImage **image, int failed, VipsImage **made)
{
	if (failed)
		return false;
	g_object_unref(*image);
	*image = *made;
	return true;
}

static bool turn_upright(VipsImage **image)
{
	VipsImage *made = NULL;

	return replace(image, vips_autorot(*image, &made, NULL), &made);
}

/* A profile that cannot be used is as good as none. */
static bool to_srgb(VipsImage **image)
{
	VipsImage *made = NULL;

	if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME))
		replace(image, vips_icc_transform(*image, &made, "srgb", "embedded", TRUE, NULL),
			&made);
	made = NULL;
	return replace(image, vips_colourspace(*image, &made, VIPS_INTERPRETATION_sRGB, NULL),
		       &made);
}

/* How frames follow each other stays. */
static bool is_timing(const char *field)
{
	static const char *const timing[] = { VIPS_META_N_PAGES, VIPS_META_PAGE_HEIGHT, "delay",
					      "loop" };

	for (size_t i = 0; i < sizeof(timing) / sizeof(*timing); i++)
		if (strcmp(field, timing[i]) == 0)
			return true;
	return false;
}

/* Savers can be told to leave everything out, but not all of those of libvips 8.14 do. */
static bool strip(VipsImage **image)
{
	VipsImage *made = NULL;
	gchar **fields;

	if (!replace(image, vips_copy(*image, &made, NULL), &made))
		return false;
	fields = vips_image_get_fields(*image);
	for (gchar **f = fields; *f; f++)
		if (!is_timing(*f))
			vips_image_remove(*image, *f); /* an own property, like width, stays */
	g_strfreev(fields);
	return true;
}

/* ---- writing ---- */

static int save(VipsImage *image, enum media_form form, VipsTarget *to)
{
	switch (form) {
	case FORM_PNG:
		return vips_pngsave_target(image, to, "strip", TRUE, NULL);
	case FORM_WEBP:
		return vips_webpsave_target(image, to, "Q", 82, "strip", TRUE, NULL);
	case FORM_GIF:
		return vips_gifsave_target(image, to, "strip", TRUE, NULL);
	default:
		return vips_jpegsave_target(image, to, "Q", 85, "optimize_coding", TRUE, "strip",
					    TRUE, NULL);
	}
}

/* Whatever failed, the image is to blame, unless the disk is full. */
static err failure(int number)
{
	vips_error_clear();
	return number == ENOSPC || number == EFBIG || number == EDQUOT ? err_store_full
								       : err_media_broken;
}

static err write_image(VipsImage *image, enum media_form form, int to)
{
	VipsTarget *target = vips_target_new_to_descriptor(to);
	int failed;

	if (!target)
		return err_no_memory;
	errno = 0;
	failed = save(image, form, target);
	g_object_unref(target);
	return failed ? failure(errno) : OK;
}

static err convert(VipsImage **image, const struct media_kind *kind, int to, struct image_size *out)
{
	if (!turn_upright(image) || !to_srgb(image) || !strip(image))
		return failure(0);
	out->width = vips_image_get_width(*image);
	out->height = vips_image_get_page_height(*image);
	return write_image(*image, kind->form, to);
}

/* ---- the two ways ---- */

err image_clean(int from, const struct media_kind *kind, int to, struct image_size *out)
{
	VipsSource *source = vips_source_new_from_descriptor(from);
	VipsImage *image = NULL;
	err e;

	if (!source)
		return err_no_memory;
	e = open_image(source, kind->form, &image);
	if (!e.info)
		e = convert(&image, kind, to, out);
	g_clear_object(&image);
	g_object_unref(source);
	vips_error_clear();
	vips_thread_shutdown();
	return e;
}

static err shrink(VipsSource *source, VipsImage **image, int to)
{
	VipsImage *flat = NULL;

	if (vips_thumbnail_source(source, image, THUMBNAIL, "height", THUMBNAIL, "size",
				  VIPS_SIZE_DOWN, NULL)
	    != 0)
		return failure(0);
	if (vips_image_hasalpha(*image)
	    && !replace(image, vips_flatten(*image, &flat, NULL), &flat))
		return failure(0);
	return write_image(*image, FORM_JPEG, to);
}

err image_thumbnail(int from, int to)
{
	VipsSource *source = vips_source_new_from_descriptor(from);
	VipsImage *image = NULL;
	err e;

	if (!source)
		return err_no_memory;
	e = shrink(source, &image, to);
	g_clear_object(&image);
	g_object_unref(source);
	vips_thread_shutdown();
	return e;
}
