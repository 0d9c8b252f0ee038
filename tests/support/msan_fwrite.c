/* Debian's libcheck is not instrumented, so MemorySanitizer takes the records
 * that it writes about each test for unset memory. The MSan build links with
 * --wrap=fwrite; what is written to a stream counts as set there. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#include <stdio.h>

size_t __real_fwrite(const void *data, size_t size, size_t count, FILE *stream);
size_t __wrap_fwrite(const void *data, size_t size, size_t count, FILE *stream);

size_t __wrap_fwrite(const void *data, size_t size, size_t count, FILE *stream) {
  __msan_unpoison(data, size * count);
  return __real_fwrite(data, size, count, stream);
}
#endif
#endif

typedef int cs_test_msan_unit_not_empty;
