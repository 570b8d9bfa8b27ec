// A responder that never answers: the engine is interrupted between two steps of its interpreter.

export const answering = {
  compute() {
    for (;;) {}
  },
};
