import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { deploymentDocuments } from '../deployment-documents.ts';
import type { Names } from '../names.ts';

export interface DeploymentParametersProps {
  readonly deployment: Deployment;
  readonly names: Names;
}

/** The documents that functions read when they run: who may do what, the policies, the staging accounts. */
export class DeploymentParameters extends Construct {
  constructor(scope: Construct, id: string, { deployment, names }: DeploymentParametersProps) {
    super(scope, id);
    for (const { name, description, content } of deploymentDocuments(deployment, names)) {
      new StringParameter(this, name, {
        parameterName: `${names.configPath}/${name}`,
        description,
        stringValue: JSON.stringify(content),
      });
    }
  }
}
