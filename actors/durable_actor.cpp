#include <holdfast/actors/durable_actor.hpp>

namespace holdfast::detail {

std::string actor_row(std::string_view actor_name, std::string_view instance) {
  if (instance.empty())
    throw error(errc::bad_argument, "a method of the durable actor " + std::string(actor_name)
                                        + " needs the actor's name: give it as the call's key");
  return checked_state_key("actor/" + std::string(actor_name), encode_key(std::string(instance)));
}

}  // namespace holdfast::detail
