// Saying no. It is thrown as a plain object, which becomes the error of the WIT function's `result`;
// a thrown `Error` would trap the instance.

import type { Decline } from "hookswitch:plugin/types@0.1.0";

export function decline(
  status: Decline["status"],
  reason: string,
  customerReason?: string,
): Decline {
  return { status, reason, customerReason };
}
