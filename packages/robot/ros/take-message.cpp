// Takes a message as the bytes that it was sent as into memory that is used again, and tells when it was sent: rclnodejs gives
// every message memory of its own, which for pictures is more to collect than anything else, and leaves out when it was sent.
// An addon beside that of rclnodejs, whose handles hold the subscriptions.
#include <napi.h>
#include <rcl/error_handling.h>
#include <rcl/subscription.h>

#include <cstdlib>

#include "rcl_handle.h"

namespace {

// Memory for one message. What the caller lends is neither moved nor freed; a message that does not fit gets other memory.
struct Memory {
  void* lent;
};

void* Allocate(size_t size, void*) { return malloc(size); }
void* ZeroAllocate(size_t count, size_t size, void*) { return calloc(count, size); }
void Deallocate(void* pointer, void* state) {
  if (pointer != static_cast<Memory*>(state)->lent) free(pointer);
}
void* Reallocate(void* pointer, size_t size, void* state) {
  // What is in lent memory is about to be overwritten.
  return pointer == static_cast<Memory*>(state)->lent ? malloc(size) : realloc(pointer, size);
}

// (subscription: RclHandle, lent: Uint8Array, sentAt: BigInt64Array) => how many bytes of `lent` the message fills, or a Buffer
// with the message when it does not fit, or undefined where there is no message any more.
// sentAt[0] becomes the time by the sender's wall clock, nanoseconds; 0 where the middleware does not tell it.
Napi::Value TakeMessage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto* subscription =
      static_cast<rcl_subscription_t*>(rclnodejs::RclHandle::Unwrap(info[0].As<Napi::Object>())->ptr());
  auto lent = info[1].As<Napi::Uint8Array>();
  Memory memory{lent.Data()};
  rcl_serialized_message_t message{
      lent.Data(), 0, lent.ByteLength(), {Allocate, Deallocate, Reallocate, ZeroAllocate, &memory}};
  rmw_message_info_t about = rmw_get_zero_initialized_message_info();
  const rcl_ret_t result = rcl_take_serialized_message(subscription, &message, &about, nullptr);
  Napi::Value taken = env.Undefined();
  if (result == RCL_RET_OK) {
    info[2].As<Napi::BigInt64Array>()[0] = about.source_timestamp;
    if (message.buffer == memory.lent) {
      taken = Napi::Number::New(env, message.buffer_length);
    } else {
      taken = Napi::Buffer<uint8_t>::Copy(env, message.buffer, message.buffer_length);
    }
  }
  Deallocate(message.buffer, &memory);
  if (result == RCL_RET_OK || result == RCL_RET_SUBSCRIPTION_TAKE_FAILED) return taken;
  const std::string reason = rcl_get_error_string().str;
  rcl_reset_error();
  throw Napi::Error::New(env, reason);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("takeMessage", Napi::Function::New(env, TakeMessage));
  return exports;
}

NODE_API_MODULE(take_message, Init)

}  // namespace
