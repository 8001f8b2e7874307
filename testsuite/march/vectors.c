// Vectors of 16 and 32 bytes by the compiler's own types, and what only intrinsics reach.
#include "check.h"
#include <immintrin.h>

typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef int64_t i64x4 __attribute__((vector_size(32)));
typedef uint8_t u8x32 __attribute__((vector_size(32)));
typedef int16_t i16x16 __attribute__((vector_size(32)));
typedef float f32x8 __attribute__((vector_size(32)));
typedef double f64x4 __attribute__((vector_size(32)));

#define SAY(what, v) say(what, &(v), sizeof(v))

static i32x8 a, b;
static u8x32 bytes;
static i16x16 words;
static i64x4 quads;

NOINLINE static void mixed(void) {
    fill(&a, 32), fill(&b, 32), fill(&bytes, 32), fill(&words, 32), fill(&quads, 32);
    for (int round = 0; round < 200; round++) {
        i32x8 mask = a < b;
        a = (a & mask) | ((b & ~mask) ^ (a << 3));
        b = __builtin_shuffle(b, a, (i32x8){7, 8, 1, 15, 0, 3, 12, 5});
        b += a * b - (a >> (b & 15));
        bytes = __builtin_shuffle(bytes, bytes ^ 5, (u8x32)b & 63);
        u8x32 large = (u8x32)(bytes > 100);
        bytes = ((bytes + 7) & large) | ((bytes - (u8x32)a) & ~large);
        words = words * 3 + (i16x16)(words > (i16x16)bytes) - (words >> 2);
        quads = __builtin_shuffle(quads, (i64x4){3, 2, 0, 1}) + (quads >> 7) - (i64x4)(quads < (i64x4)a);
        f32x8 f = __builtin_convertvector(a, f32x8) * 0.5f;
        i32x8 small = f < 1e9f;
        a ^= __builtin_convertvector((f32x8)(((i32x8)f & small) | ((i32x8)(f * 0.001f) & ~small)), i32x8);
        f64x4 d = __builtin_convertvector(quads, f64x4);
        quads += __builtin_convertvector(d / 3.0, i64x4) & 0xffff;
    }
    SAY("a", a), SAY("b", b), SAY("bytes", bytes), SAY("words", words), SAY("quads", quads);
}

#ifdef __AVX2__
__attribute__((target("avx2,fma,f16c,aes,pclmul"))) NOINLINE static void intrinsics(void) {
    static int table[256], out[64];
    fill(table, sizeof table);
    __m256i index = _mm256_and_si256((__m256i)a, _mm256_set1_epi32(255));
    SAY("gather", (__m256i[]){_mm256_i32gather_epi32(table, index, 4)});
    SAY("gather masked", (__m256i[]){_mm256_mask_i32gather_epi32((__m256i)b, table, index, (__m256i)a, 4)});
    SAY("gather long", (__m256i[]){_mm256_i64gather_epi64((long long *)table, _mm256_and_si256((__m256i)quads, _mm256_set1_epi64x(127)), 8)});
    _mm256_maskstore_epi32(out + 3, (__m256i)b, (__m256i)a);
    SAY("masked store", out);
    SAY("masked load", (__m256[]){_mm256_maskload_ps((float *)table + 1, (__m256i)a)});
    SAY("permute", (__m256i[]){_mm256_permutevar8x32_epi32((__m256i)a, (__m256i)b)});
    SAY("permute halves", (__m256i[]){_mm256_permute2x128_si256((__m256i)a, (__m256i)b, 0x31)});
    SAY("align", (__m256i[]){_mm256_alignr_epi8((__m256i)a, (__m256i)b, 5)});
    SAY("shuffle", (__m256i[]){_mm256_shuffle_epi8((__m256i)a, (__m256i)b)});
    SAY("sad", (__m256i[]){_mm256_mpsadbw_epu8((__m256i)a, (__m256i)b, 0x2d)});
    SAY("blend", (__m256i[]){_mm256_blendv_epi8((__m256i)a, (__m256i)b, (__m256i)bytes)});
    SAY("half", (__m128i[]){_mm256_cvtps_ph(_mm256_cvtepi32_ps(_mm256_srai_epi32((__m256i)a, 14)), 1)});
    SAY("insert", (__m256i[]){_mm256_inserti128_si256((__m256i)a, _mm256_extracti128_si256((__m256i)b, 1), 0)});
    SAY("aes", (__m128i[]){_mm_aesenc_si128(_mm256_castsi256_si128((__m256i)a), _mm256_castsi256_si128((__m256i)b))});
    SAY("carry-less", (__m128i[]){_mm_clmulepi64_si128(_mm256_castsi256_si128((__m256i)a), _mm256_castsi256_si128((__m256i)b), 0x11)});
    int tests[] = {_mm256_testz_si256((__m256i)a, (__m256i)b), _mm256_testc_si256((__m256i)a, (__m256i)a),
                   _mm256_movemask_epi8((__m256i)a), _mm256_movemask_pd((__m256d)b)};
    SAY("test", tests);
}
#else
static void intrinsics(void) {}
#endif

int main(void) {
    mixed(), intrinsics();
    return 0;
}
