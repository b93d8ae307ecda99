/* A stand-in for a vendor's photo library, in every call style there is, and with every vice.
   Its picture: byte i is 3*i + the sum of the chip's bytes, rows from the top, no padding. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 102, HEIGHT = 126, ROW = WIDTH * 3, PADDED = 308, RAW = ROW * HEIGHT, WLT = 1024 };

static void draw(const char *src, char *dst)
{
    unsigned char sum = 0;
    for (int i = 0; i < WLT; i++) sum += (unsigned char)src[i];
    for (int i = 0; i < RAW; i++) dst[i] = (char)(3 * i + sum);
}

static void put32(char *at, unsigned value)
{
    for (int i = 0; i < 4; i++) at[i] = (char)(value >> (8 * i));
}

/* A BMP as Windows wants it: rows from the bottom, padded. */
static int as_bmp(const char *raw, char *bmp)
{
    memset(bmp, 0, 54 + PADDED * HEIGHT);
    bmp[0] = 'B'; bmp[1] = 'M';
    put32(bmp + 2, 54 + PADDED * HEIGHT);
    put32(bmp + 10, 54);
    put32(bmp + 14, 40);
    put32(bmp + 18, WIDTH);
    put32(bmp + 22, HEIGHT);
    bmp[26] = 1; bmp[28] = 24;
    for (int y = 0; y < HEIGHT; y++) memcpy(bmp + 54 + (HEIGHT - 1 - y) * PADDED, raw + y * ROW, ROW);
    return 54 + PADDED * HEIGHT;
}

int unpack(const char *src, char *dst, int mode)
{
    char raw[RAW];
    printf("decoding somebody's photo\n");
    fflush(stdout);
    draw(src, raw);
    if (mode == 708) as_bmp(raw, dst);
    else memcpy(dst, raw, RAW);
    return mode == 4 ? -4 : 1;
}

int _Unpack(const char *src, int size, char *dst, int *length)
{
    char raw[RAW];
    if (size != WLT) return 0;
    draw(src, raw);
    for (int y = 0; y < HEIGHT; y++) memcpy(dst + y * PADDED, raw + y * ROW, ROW);
    *length = PADDED * HEIGHT;
    return 1;
}

int too_little(const char *src, int size, char *dst, int *length)
{
    (void)src; (void)size;
    memset(dst, 7, 10);
    *length = 10;
    return 1;
}

int GetBmp(char *path, int interface)
{
    char src[WLT], raw[RAW], bmp[54 + PADDED * HEIGHT], out[512];
    FILE *file = fopen(path, "rb");
    size_t end = strlen(path);
    if (interface != 1 && interface != 2) return -6;
    if (!file || fread(src, 1, WLT, file) != WLT) return -3;
    fclose(file);
    if (end < 4 || end > 500 || strcmp(path + end - 4, ".wlt")) return -2;
    draw(src, raw);
    snprintf(out, sizeof out, "%.*s.bmp", (int)end - 4, path);
    file = fopen(out, "wb");
    if (!file || !fwrite(bmp, (size_t)as_bmp(raw, bmp), 1, file)) return 0;
    fclose(file);
    return 1;
}

/* Vices. The chip's 100th byte says whether to give in. */
int crashes(const char *src, char *dst, int mode)
{
    if (src[100]) abort();
    return unpack(src, dst, mode);
}

int hangs(const char *src, char *dst, int mode)
{
    if (src[100]) for (;;) pause();
    return unpack(src, dst, mode);
}

int quits(const char *src, char *dst, int mode)
{
    if (src[100]) exit(0);
    return unpack(src, dst, mode);
}

int blank(const char *src, char *dst, int mode)
{
    (void)src; (void)dst; (void)mode;
    return 1;
}
