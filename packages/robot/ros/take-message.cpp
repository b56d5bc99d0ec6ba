// Takes a message as the bytes that it was sent as, and tells when it was sent, which rclnodejs leaves out for such messages.
// An addon beside that of rclnodejs, whose handles hold the subscriptions.
#include <napi.h>
#include <rcl/error_handling.h>
#include <rcl/subscription.h>
#include <rmw/serialized_message.h>

#include "rcl_handle.h"

namespace {

// What messages are taken into. It grows to the largest one: fresh memory for each would cost more than the copy out of it.
rcl_serialized_message_t taken = rmw_get_zero_initialized_serialized_message();

[[noreturn]] void Fail(Napi::Env env) {
  const std::string reason = rcl_get_error_string().str;
  rcl_reset_error();
  throw Napi::Error::New(env, reason);
}

// (subscription: RclHandle, sentAt: BigInt64Array) => Buffer, or undefined where there is no message any more.
// sentAt[0] becomes the time by the sender's wall clock, nanoseconds; 0 where the middleware does not tell it.
Napi::Value TakeMessage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto* subscription =
      static_cast<rcl_subscription_t*>(rclnodejs::RclHandle::Unwrap(info[0].As<Napi::Object>())->ptr());
  rmw_message_info_t about = rmw_get_zero_initialized_message_info();
  const rcl_ret_t result = rcl_take_serialized_message(subscription, &taken, &about, nullptr);
  if (result == RCL_RET_SUBSCRIPTION_TAKE_FAILED) return env.Undefined();
  if (result != RCL_RET_OK) Fail(env);
  info[1].As<Napi::BigInt64Array>()[0] = about.source_timestamp;
  return Napi::Buffer<uint8_t>::Copy(env, taken.buffer, taken.buffer_length);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  const rcutils_allocator_t allocator = rcutils_get_default_allocator();
  if (rmw_serialized_message_init(&taken, 0, &allocator) != RMW_RET_OK) Fail(env);
  exports.Set("takeMessage", Napi::Function::New(env, TakeMessage));
  return exports;
}

NODE_API_MODULE(take_message, Init)

}  // namespace
