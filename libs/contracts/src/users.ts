export { User, UserState } from './gen/tidemark/users/v1/user.ts';
export type { Profile } from './gen/tidemark/users/v1/user.ts';
export {
  BatchGetUsersRequest,
  BatchGetUsersResponse,
  CreateUserRequest,
  CreateUserResponse,
  DeleteUserRequest,
  DeleteUserResponse,
  GetUserRequest,
  GetUserResponse,
  ListUsersRequest,
  ListUsersResponse,
  LookupUserRequest,
  LookupUserResponse,
  UndeleteUserRequest,
  UndeleteUserResponse,
  UpdateUserRequest,
  UpdateUserResponse,
  UsersServiceService,
} from './gen/tidemark/users/v1/users_service.ts';
export {
  CredentialsServiceService,
  VerifyPasswordRequest,
  VerifyPasswordResponse,
} from './gen/tidemark/users/v1/credentials_service.ts';
