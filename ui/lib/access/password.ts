/** As long a password has to be; the server says so too. */
export const PASSWORD_LENGTH = 12;

/** Why a password cannot be chosen; undefined while nothing is typed, or when it can. */
export const wrongPassword = (password: string): string | undefined =>
  password.length > 0 && password.length < PASSWORD_LENGTH
    ? `${PASSWORD_LENGTH - password.length} more characters are needed: at least ${PASSWORD_LENGTH}.`
    : undefined;
