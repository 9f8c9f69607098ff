import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { ModelService } from '@signalbox/domain/models';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateDeploymentBody,
  CreateModelBody,
  ListModelsQuery,
  ModelPage,
  ModelView,
  UpdateDeploymentBody,
  UpdateModelBody,
} from './model.dto';
import { toDeploymentChanges, toDeploymentInput, toModelFields, toModelView } from './model.mapper';

const writerNote =
  'Clients see it after the next config release (POST /api/v1/config/releases). Scope: models:write, platform tokens only.';

@ApiTags('Models')
@Controller('api/v1/llm/models')
export class ModelController {
  constructor(private readonly models: ModelService) {}

  @Get()
  @ApiOperation({
    summary: 'List models with their deployments, by name',
    description: 'Scope: models:read.',
  })
  @ApiOkResponse({ type: ModelPage })
  @ApiErrors('cursor_invalid')
  async list(@CurrentCaller() caller: Caller, @Query() query: ListModelsQuery): Promise<ModelPage> {
    const { search, mode, enabled, provider_id: providerId } = query;
    const page = await this.models.list(
      caller,
      { search, mode, enabled, providerId },
      query.limit,
      query.cursor,
    );
    return { ...page, data: page.data.map((model) => toModelView(model, caller)) };
  }

  @Post()
  @ApiOperation({ summary: 'Add a model, with its deployments or without', description: writerNote })
  @ApiCreatedResponse({ type: ModelView })
  @ApiErrors('model_name_taken', 'provider_not_found', 'credential_not_found', 'platform_only')
  async create(@CurrentCaller() caller: Caller, @Body() body: CreateModelBody): Promise<ModelView> {
    const { name, deployments, ...fields } = body;
    const input = { ...toModelFields(fields), name, deployments: deployments?.map(toDeploymentInput) };
    return toModelView(await this.models.create(caller, input), caller);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a model with its deployments', description: 'Scope: models:read.' })
  @ApiOkResponse({ type: ModelView })
  @ApiErrors('model_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('model')) id: string,
  ): Promise<ModelView> {
    return toModelView(await this.models.get(caller, id), caller);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a model', description: writerNote })
  @ApiOkResponse({ type: ModelView })
  @ApiErrors('model_not_found', 'model_name_taken', 'platform_only')
  async update(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('model')) id: string,
    @Body() body: UpdateModelBody,
  ): Promise<ModelView> {
    return toModelView(await this.models.update(caller, id, toModelFields(body)), caller);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Remove a model and its deployments',
    description: `It is served until a config release without it is applied. ${writerNote}`,
  })
  @ApiNoContentResponse()
  @ApiErrors('model_not_found', 'platform_only')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('model')) id: string,
  ): Promise<void> {
    await this.models.delete(caller, id);
  }

  @Post(':id/deployments')
  @ApiOperation({ summary: 'Add a deployment; answers with the model', description: writerNote })
  @ApiCreatedResponse({ type: ModelView })
  @ApiErrors('model_not_found', 'provider_not_found', 'credential_not_found', 'platform_only')
  async addDeployment(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('model')) id: string,
    @Body() body: CreateDeploymentBody,
  ): Promise<ModelView> {
    return toModelView(await this.models.addDeployment(caller, id, toDeploymentInput(body)), caller);
  }

  @Patch(':id/deployments/:deployment_id')
  @ApiOperation({ summary: 'Change a deployment; answers with the model', description: writerNote })
  @ApiOkResponse({ type: ModelView })
  @ApiErrors(
    'model_not_found',
    'deployment_not_found',
    'provider_not_found',
    'credential_not_found',
    'platform_only',
  )
  async updateDeployment(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('model')) id: string,
    @Param('deployment_id', new IdParam('deployment')) deploymentId: string,
    @Body() body: UpdateDeploymentBody,
  ): Promise<ModelView> {
    const changes = toDeploymentChanges(body);
    return toModelView(await this.models.updateDeployment(caller, id, deploymentId, changes), caller);
  }

  @Delete(':id/deployments/:deployment_id')
  @ApiOperation({ summary: 'Remove a deployment; answers with the model', description: writerNote })
  @ApiOkResponse({ type: ModelView })
  @ApiErrors('model_not_found', 'deployment_not_found', 'platform_only')
  async deleteDeployment(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('model')) id: string,
    @Param('deployment_id', new IdParam('deployment')) deploymentId: string,
  ): Promise<ModelView> {
    return toModelView(await this.models.deleteDeployment(caller, id, deploymentId), caller);
  }
}
