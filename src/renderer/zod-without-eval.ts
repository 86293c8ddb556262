import { config } from "zod";

// The content security policy forbids making functions from strings, which zod tries when a schema is made: so this
// module has to be loaded before any other that makes one.
config({ jitless: true });
