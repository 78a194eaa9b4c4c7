/* The types that may be uploaded. The client's name and type of a file count for nothing. */
#include "app/media/kind.h"

#include <magic.h>
#include <pthread.h>

static const struct media_kind kinds[] = {
	{ "image/jpeg", "image/jpeg", ".jpg", MEDIA_IMAGE, FORM_JPEG },
	{ "image/png", "image/png", ".png", MEDIA_IMAGE, FORM_PNG },
	{ "image/webp", "image/webp", ".webp", MEDIA_IMAGE, FORM_WEBP },
	{ "image/gif", "image/gif", ".gif", MEDIA_IMAGE, FORM_GIF },
	{ "image/heic", "image/jpeg", ".jpg", MEDIA_IMAGE, FORM_HEIF },
	{ "image/heif", "image/jpeg", ".jpg", MEDIA_IMAGE, FORM_HEIF },
	{ "video/mp4", "video/mp4", ".mp4", MEDIA_VIDEO, FORM_MP4 },
	{ "video/x-m4v", "video/mp4", ".mp4", MEDIA_VIDEO, FORM_MP4 },
	{ "video/quicktime", "video/quicktime", ".mov", MEDIA_VIDEO, FORM_MP4 },
	{ "video/webm", "video/webm", ".webm", MEDIA_VIDEO, FORM_WEBM },
	{ "audio/x-m4a", "audio/mp4", ".m4a", MEDIA_AUDIO, FORM_MP4 },
	{ "audio/mp4", "audio/mp4", ".m4a", MEDIA_AUDIO, FORM_MP4 },
	{ "audio/mpeg", "audio/mpeg", ".mp3", MEDIA_AUDIO, FORM_SOUND },
	{ "audio/x-hx-aac-adts", "audio/aac", ".aac", MEDIA_AUDIO, FORM_SOUND },
	{ "audio/aac", "audio/aac", ".aac", MEDIA_AUDIO, FORM_SOUND },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* libmagic's rules take a while to load and one handle serves one thread at a time. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static magic_t magic;

static const struct media_kind *find(const char *sniffed)
{
	for (size_t i = 0; sniffed && i < KINDS; i++)
		if (strcmp(kinds[i].sniffed, sniffed) == 0)
			return &kinds[i];
	return NULL;
}

static void load(void)
{
	magic = magic_open(MAGIC_MIME_TYPE);
	if (magic && magic_load(magic, NULL) != 0) {
		magic_close(magic);
		magic = NULL;
	}
}

const struct media_kind *media_kind_of(const void *head, size_t n)
{
	const struct media_kind *kind = NULL;

	pthread_mutex_lock(&lock);
	if (!magic)
		load();
	if (magic)
		kind = find(magic_buffer(magic, head, n));
	pthread_mutex_unlock(&lock);
	return kind;
}

const char *media_mime_of(str key)
{
	for (size_t i = 0; i < KINDS; i++)
		if (str_ends(key, str_of(kinds[i].ext)))
			return kinds[i].mime;
	return "application/octet-stream";
}
