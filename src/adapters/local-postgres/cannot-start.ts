/** Why this machine cannot have a Postgres in DATA_DIR: a sentence for the operator that says what to do. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart'
}
